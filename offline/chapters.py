"""The chapter of a customer's story that this app brings: the offline files."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.story import SHOWN, Cell, Chapter, register
from backoffice.pages import counted
from licenses.access import ids_of
from offline.models import OfflineExchange
from web.moments import at


def files(user: User, _reader: User) -> Chapter:
    """The offline files that were answered for the licences of this customer."""
    found = OfflineExchange.objects.filter(license__in=ids_of(user))
    rows = [
        [
            Cell(at(file.created_at)),
            Cell(file.get_kind_display()),
            Cell(file.hostname),
            Cell(
                file.license.key,
                reverse("admin:licenses_license_change", args=[file.license_id]),
                "licenses.view_license",
            ),
            Cell(str(file.user or "")),
        ]
        for file in found.select_related("license", "user")[:SHOWN]
    ]
    return Chapter(
        "offline",
        _("Offline files"),
        (_("When"), _("Kind"), _("Machine"), _("Licence"), _("Handed in by")),
        rows,
        counted(found.order_by()),
        _("No offline file was handed in."),
    )


def register_all() -> None:
    """What this room tells of a customer, by place on the page."""
    register(30, "licenses.view_activation", files)
