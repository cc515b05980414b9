"""Finding anything in the back office by whatever somebody on the phone reads out: a licence key,
an e-mail, a name, a host name, a fingerprint.

What matches exactly is found by an index, however many rows there are; only when nothing does are
the tables searched for rows that contain the text. Runs in the vendor's scope.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import User
from licenses.models import Activation, License
from tenancy.door import is_inside

SHOWN = 20
SHORTEST_KEY_PART = 6  # characters
LONGEST = 256
LICENSES = "licenses.view_license"


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found: its page, its name, and what else tells it apart."""

    url: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one kind; `more` when there are more than are shown."""

    title: str | Promise
    hits: list[Hit]
    more: bool


def _without_dashes(wanted: str) -> list[Hit]:
    """The licences whose key somebody reads out without its dashes and spaces."""
    read_out = wanted.replace("-", "").replace(" ", "")
    if len(read_out) < SHORTEST_KEY_PART:
        return []
    plain = Replace(F("key"), Value("-"), Value(""))
    found = License.objects.annotate(plain=plain).filter(plain__icontains=read_out)
    return _licenses(found)


def people(condition: Q) -> list[Hit]:
    return [
        Hit(
            reverse("admin:accounts_user_story", args=[each.pk]),
            each.full_name,
            " · ".join(filter(None, (each.email, each.company))),
        )
        for each in User.objects.filter(condition)[: SHOWN + 1]
    ]


def licenses(condition: Q) -> list[Hit]:
    return _licenses(License.objects.filter(condition))


def _licenses(found: QuerySet[License]) -> list[Hit]:
    return [
        Hit(
            reverse("admin:licenses_license_change", args=[each.pk]),
            each.key,
            " · ".join(str(part) for part in (each.product, each.user) if part),
        )
        for each in found.select_related("product", "user")[: SHOWN + 1]
    ]


def machines(condition: Q) -> list[Hit]:
    found = Activation.objects.filter(condition).select_related("license")
    return [
        Hit(
            reverse("admin:licenses_activation_change", args=[each.pk]), str(each), each.license.key
        )
        for each in found[: SHOWN + 1]
    ]


@dataclass(frozen=True, slots=True)
class Findable:
    """What can be found, and by whose right: by which fields exactly, and in which a part of the
    text is enough."""

    title: str | Promise
    right: str
    find: Callable[[Q], list[Hit]]
    exact: tuple[str, ...]
    part: tuple[str, ...]


KINDS = (
    Findable(_("Licences"), LICENSES, licenses, ("key",), ("key", "notes")),
    Findable(
        _("People"),
        "accounts.view_user",
        people,
        ("email",),
        ("email", "first_name", "last_name", "company"),
    ),
    Findable(
        _("Machines"),
        "licenses.view_activation",
        machines,
        ("fingerprint", "hostname"),
        ("fingerprint", "hostname"),
    ),
)


def find(text: str, reader: User) -> list[Group]:
    """What the text names exactly, of all that the reader may view; when it names nothing, what
    contains it."""
    wanted = text.strip()[:LONGEST]
    if not wanted:
        return []
    kinds = [kind for kind in KINDS if reader.has_perm(kind.right)]
    groups = [_group(kind, _any(kind.exact, "", wanted)) for kind in kinds]
    if not any(group.hits for group in groups):
        groups = [_group(kind, _any(kind.part, "__icontains", wanted)) for kind in kinds]
    if not any(group.hits for group in groups) and reader.has_perm(LICENSES):
        groups = [Group(_("Licences"), _without_dashes(wanted), more=False)]
    return [group for group in groups if group.hits]


def _any(fields: tuple[str, ...], lookup: str, wanted: str) -> Q:
    condition = Q()
    for field in fields:
        # E-mails are kept in small letters.
        value = wanted.lower() if field == "email" else wanted
        condition |= Q(**{f"{field}{lookup}": value})
    return condition


def _group(kind: Findable, condition: Q) -> Group:
    hits = kind.find(condition)
    return Group(kind.title, hits[:SHOWN], len(hits) > SHOWN)


@require_safe
def find_view(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """The page of what was found; a single hit is opened at once. Operators are refused."""
    if not is_inside():
        raise PermissionDenied
    text = request.GET.get("q", "")
    groups = find(text, cast(User, request.user))
    if len(groups) == 1 and len(groups[0].hits) == 1:
        return redirect(groups[0].hits[0].url)
    found = {"title": _("Find"), "text": text, "groups": groups}
    return render(request, "admin/find.html", context | found)
