"""The table of access tokens that a person takes along (accounts/own_data/)."""

from django.utils.translation import gettext_lazy as _

from accounts.own_data.tables import Table, register
from accounts.tokens.verbs import tokens_of

TOKENS = Table(
    "access-tokens",
    _("Access tokens"),
    _("With what programs act in your name."),
    {
        "name": (_("Name"), lambda token: token.name),
        "scopes": (_("Scopes"), lambda token: " ".join(token.scopes)),
        "created": (_("Made"), lambda token: token.created_at),
        "last_used": (_("Last used"), lambda token: token.last_used_at),
        "expires": (_("Expires"), lambda token: token.expires_at),
        "revoked": (_("Revoked"), lambda token: token.revoked),
    },
    tokens_of,
)


def register_all() -> None:
    register(26, TOKENS)
