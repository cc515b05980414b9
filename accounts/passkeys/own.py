"""The table of passkeys that a customer takes along (accounts/own_data/)."""

from django.utils.translation import gettext_lazy as _

from accounts.own_data.tables import Table, register
from accounts.passkeys.verbs import passkeys_of

PASSKEYS = Table(
    "passkeys",
    _("Passkeys"),
    _("With what you sign in beside the password."),
    {
        "name": (_("Name"), lambda passkey: passkey.name),
        "created": (_("Added"), lambda passkey: passkey.created_at),
        "last_used": (_("Last used"), lambda passkey: passkey.last_used_at),
        "synchronised": (_("Synchronised"), lambda passkey: passkey.is_backed_up),
        "address": (_("Bound to"), lambda passkey: passkey.rp_id),
        "id": (_("Number"), lambda passkey: passkey.credential_id),
    },
    passkeys_of,
)


def register_all() -> None:
    register(25, PASSKEYS)
