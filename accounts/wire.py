"""What people, roles and tags look like on the wire, for the Web API and for webhooks."""

from typing import Any

from accounts.models import PersonalAccessToken, Role, Tag, User
from web.wire import Wire, metadata, stamps, valued


def user(row: User) -> Wire:
    """A person; the tags come with the rows (`prefetch_related("tags")`)."""
    return valued(
        {
            **stamps(row),
            "name": row.full_name,
            "firstName": row.first_name,
            "lastName": row.last_name,
            "email": row.email,
            "company": row.company,
            "twoFactorEnabled": row.second_factor_since is not None,
            "googleSsoEnabled": False,
            "allowCustomerPortalAccess": row.allow_customer_portal_access,
            "role": row.role,
            "roles": [row.role],
            "lastLoginAt": row.last_login,
            "lastSeenAt": row.last_seen_at,
            "metadata": metadata(row, row.metadata),
            "tags": [each.name for each in row.tags.all()],
        }
    )


def myself(row: User) -> dict[str, Any]:
    """What the person reads of that row: metadata that is visible, and no tags."""
    seen = [entry for entry in row.metadata if entry.get("visible")]
    return user(row) | {"metadata": metadata(row, seen), "tags": []}


def role(row: Role) -> Wire:
    return {
        **stamps(row),
        "name": row.name,
        "description": row.description,
        "claims": list(row.claims),
    }


def tag(row: Tag) -> Wire:
    return {**stamps(row), "name": row.name, "description": row.description}


def token(row: PersonalAccessToken) -> Wire:
    """What is told of a token, whose own text nobody knows any more."""
    return valued(
        {
            **stamps(row),
            "name": row.name,
            "scopes": list(row.scopes),
            "expiresAt": row.expires_at,
            "revoked": row.revoked,
            "lastUsedAt": row.last_used_at,
        }
    )
