"""The chapter of a customer's story that this app brings: the downloads."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.story import SHOWN, Cell, Chapter, register
from backoffice.pages import counted
from licenses.access import ids_of
from releases.models import Download
from web.moments import at


def downloads(user: User, _reader: User) -> Chapter:
    """The downloads that count, by this customer's licences."""
    found = Download.objects.filter(license__in=ids_of(user), counted=True)
    rows = [
        [
            Cell(at(each.created_at), reverse("admin:releases_download_change", args=[each.pk])),
            Cell(each.file.name),
            Cell(str(each.file.release)),
            Cell(str(each.license or "")),
            Cell(each.ip or ""),
        ]
        for each in found.select_related("file__release", "license")[:SHOWN]
    ]
    return Chapter(
        "downloads",
        _("Downloads"),
        (_("When"), _("File"), _("Release"), _("Licence"), _("IP address")),
        rows,
        counted(found.order_by()),
        _("Nothing was downloaded."),
        reverse("admin:releases_download_changelist", query={"q": user.email}),
    )


def register_all() -> None:
    """What this room tells of a customer, by place on the page."""
    register(40, "releases.view_download", downloads)
