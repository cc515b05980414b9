"""The table of a customer's own data that this app brings: downloads."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.own_data.tables import Table, register
from releases.models import Download


def downloads(user: User) -> QuerySet[Download]:
    found = Download.objects.filter(user=user)
    return found.select_related("file__release", "license").order_by("-created_at", "id")


DOWNLOADS = Table(
    "downloads",
    _("Downloads"),
    _("The files that you have downloaded while you were signed in."),
    {
        "when": (_("When"), lambda each: each.created_at),
        "file": (_("File"), lambda each: each.file.name),
        "release": (_("Release"), lambda each: str(each.file.release)),
        "licence": (_("Licence"), lambda each: each.license.key if each.license else ""),
        "from": (_("IP address"), lambda each: each.ip or ""),
        "first_byte": (_("First byte"), lambda each: each.first_byte),
        "bytes": (_("Bytes"), lambda each: each.bytes_asked),
        "counted": (_("Counted"), lambda each: each.counted),
    },
    downloads,
)


def register_all() -> None:
    """The table of this room, by place."""
    register(70, DOWNLOADS)
