"""The columns of licences in CSV files, from the back office and from the Web API; an import reads
those that it knows."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet

from licenses import values, words
from licenses.lengths import in_words
from licenses.models import License
from licenses.verbs.defaults import Choice


def name_or_none(policy: Any) -> str:
    """A policy as an import reads it."""
    return policy.name if policy else Choice.NONE.value


def described(license: License, *, visible: bool) -> str:
    """The metadata that the customer sees, or that he doesn't, as an import reads it."""
    entries = sorted(license.metadata.all(), key=lambda each: each.key)
    return values.written((each.key, each.value) for each in entries if each.visible is visible)


def with_details(rows: QuerySet[License]) -> QuerySet[License]:
    """The rows, with what hangs on each."""
    chosen = rows.select_related(
        "product", "product_version", "user", "policy", "maintenance_policy"
    )
    return chosen.prefetch_related("metadata", "license_users__user")


COLUMNS: Mapping[str, Callable[[License], Any]] = {
    "product": lambda license: license.product.name,
    "product_version": lambda license: (
        license.product_version.name if license.product_version else ""
    ),
    "email": lambda license: license.user.email if license.user else "",
    "first_name": lambda license: license.user.first_name if license.user else "",
    "last_name": lambda license: license.user.last_name if license.user else "",
    "company": lambda license: license.user.company if license.user else "",
    "key": lambda license: license.key,
    "allowed_activations": lambda license: license.allowed_activations,
    "allowed_deactivations": lambda license: license.allowed_deactivations,
    "validity": lambda license: in_words(license.interval),
    "expires_at": lambda license: license.expires_on or license.expires_at,
    "policy": lambda license: name_or_none(license.policy),
    "maintenance_policy": lambda license: name_or_none(license.maintenance_policy),
    "max_allowed_release_version": lambda license: license.max_allowed_release_version,
    "additional_users": lambda license: "; ".join(
        each.user.email for each in license.license_users.all()
    ),
    "order_number": lambda license: license.order_number,
    "metadata": lambda license: described(license, visible=False),
    "visible_metadata": lambda license: described(license, visible=True),
    "notes": lambda license: license.notes,
    "internal_notes": lambda license: license.internal_notes,
    "status": lambda license: words.status_text(license.standing).name,
    "type": lambda license: license.type,
    "seats_used": lambda license: license.total_activations,
    "deactivations_used": lambda license: license.total_deactivations,
    "first_activated": lambda license: license.first_activated_at,
    "maintenance_ends": lambda license: (
        license.maintenance_expires_on or license.maintenance_expires_at
    ),
    "created": lambda license: license.created_at,
}
