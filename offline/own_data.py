"""The table of a customer's own data that this app brings: offline files."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.own_data.tables import Table, register
from offline.models import OfflineExchange


def files(user: User) -> QuerySet[OfflineExchange]:
    """What was answered for the customer's own licences while they were his, and what he has handed
    in for others' himself."""
    own = Q(owner=user) | Q(user=user)
    return (
        OfflineExchange.objects.filter(own).select_related("license").order_by("-created_at", "id")
    )


FILES = Table(
    "offline-files",
    _("Offline files"),
    _("The requests of machines without network that were answered."),
    {
        "when": (_("When"), lambda file: file.created_at),
        "kind": (_("Kind"), lambda file: file.get_kind_display()),
        "machine": (_("Machine"), lambda file: file.hostname),
        "licence": (_("Licence"), lambda file: file.license.key),
        "valid_until": (_("Response can be installed until"), lambda file: file.valid_until),
    },
    files,
)


def register_all() -> None:
    """The table of this room, by place."""
    register(60, FILES)
