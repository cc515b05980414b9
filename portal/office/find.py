"""Finding anything in the back office by whatever somebody on the phone reads out: a licence key,
an e-mail, a name, a host name, a fingerprint.

What matches as a whole is found first; only when nothing does, rows of which the text has the
beginnings of words. Both by an index, however many rows there are. Runs in the vendor's scope.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.finding import people_places
from accounts.models import User
from licenses.models import Activation, License
from licenses.search import host_places, places_by_key
from tenancy import finding
from tenancy.addresses import spellings_of
from tenancy.door import is_inside
from tenancy.spelling import form_of

SHOWN = 20
LONGEST = 256


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found: its page, its name, and what else tells it apart."""

    url: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one kind; `more` when there are more than are shown, or may be."""

    title: str | Promise
    hits: list[Hit]
    more: bool


def person(each: User) -> Hit:
    return Hit(
        reverse("admin:accounts_user_story", args=[each.pk]),
        each.full_name,
        " · ".join(filter(None, (each.email, each.company))),
    )


def license(each: License) -> Hit:
    return Hit(
        reverse("admin:licenses_license_change", args=[each.pk]),
        each.key,
        " · ".join(str(part) for part in (each.product, each.user) if part),
    )


def machine(each: Activation) -> Hit:
    return Hit(
        reverse("admin:licenses_activation_change", args=[each.pk]), str(each), each.license.key
    )


def is_key(text: str) -> Q:
    return Q(key_form=form_of(text))


def is_email(text: str) -> Q:
    return Q(email__in=spellings_of(text))


def is_machine(text: str) -> Q:
    return Q(fingerprint=text) | Q(hostname=text)


@dataclass(frozen=True, slots=True)
class Findable:
    """What can be found, and by whose right: the rows, what one of them is shown as, by which
    condition the whole text names it, and where its words may stand."""

    title: str | Promise
    right: str
    rows: Callable[[], QuerySet[Any]]
    shown: Callable[[Any], Hit]
    whole: Callable[[str], Q]
    places: finding.Places


KINDS = (
    Findable(
        _("Licences"),
        "licenses.view_license",
        lambda: License.objects.select_related("product", "user"),
        license,
        is_key,
        places_by_key,
    ),
    Findable(
        _("People"),
        "accounts.view_user",
        User.objects.all,
        person,
        is_email,
        people_places,
    ),
    Findable(
        _("Machines"),
        "licenses.view_activation",
        lambda: Activation.objects.select_related("license"),
        machine,
        is_machine,
        host_places,
    ),
)


def find(text: str, reader: User) -> list[Group]:
    """What the whole text names, of all that the reader may view; when it names nothing, what has
    each of its words."""
    wanted = text.strip()[:LONGEST]
    if not form_of(wanted):
        return []
    kinds = [kind for kind in KINDS if reader.has_perm(kind.right)]
    groups = [_group(kind, kind.rows().filter(kind.whole(wanted))) for kind in kinds]
    if not any(group.hits for group in groups):
        groups = [_by_words(kind, wanted) for kind in kinds]
    return [group for group in groups if group.hits]


def _by_words(kind: Findable, wanted: str) -> Group:
    found = finding.find(kind.rows(), wanted, kind.places)
    return _group(kind, found.rows, part=found.part)


def _group(kind: Findable, rows: QuerySet[Any], *, part: bool = False) -> Group:
    hits = [kind.shown(row) for row in rows[: SHOWN + 1]]
    return Group(kind.title, hits[:SHOWN], part or len(hits) > SHOWN)


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
