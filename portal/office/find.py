"""Finding anything in the back office by whatever somebody on the phone reads out: a licence key,
an e-mail, a name, a host name, a fingerprint.

What matches as a whole is found first; only when nothing does, rows of which the text has the
beginnings of words; then machines that have no seat any more, and people who had e-mails at an
address: all of it by an index, however many rows there are. If there is nothing either, the
subjects of the last e-mails are looked through; then what has a letter wrong is offered, by an
index again. Runs in the vendor's scope.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.finding import near_people, people_places
from accounts.models import User
from accounts.own_data.emails import UNTOLD
from audit import words as audit_words
from licenses.models import Activation, GoneMachine, License
from licenses.search import (
    gone_places,
    host_places,
    near_gone,
    near_licenses,
    near_machines,
    places_by_key,
)
from mail.models import OutgoingEmail
from tenancy import finding
from tenancy.addresses import spellings_of
from tenancy.door import is_inside
from tenancy.spelling import asked, form_of, has_all

SHOWN = 20
LONGEST = 256
LOOKED_AT = 2000  # e-mails


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
    opens: bool = True  # a single hit, since its page is what was asked for


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


def gone(each: GoneMachine) -> Hit:
    """By the licence whose seat it had."""
    how = audit_words.ACTIONS.get(each.how, each.how)
    return Hit(
        reverse("admin:licenses_license_change", args=[each.license_id]),
        each.hostname,
        " · ".join((str(how), date_text(each.gone_at), each.license.key)),
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
    near: Callable[[str], list[UUID]]
    opens: bool = True  # a single hit


KINDS = (
    Findable(
        _("Licences"),
        "licenses.view_license",
        lambda: License.objects.select_related("product", "user"),
        license,
        is_key,
        places_by_key,
        near_licenses,
    ),
    Findable(
        _("People"),
        "accounts.view_user",
        User.objects.all,
        person,
        is_email,
        people_places,
        near_people,
    ),
    Findable(
        _("Machines"),
        "licenses.view_activation",
        lambda: Activation.objects.select_related("license"),
        machine,
        is_machine,
        host_places,
        near_machines,
    ),
)


# What is looked for when nothing that is there has the text.
GONE = Findable(
    _("Machines without a seat by now"),
    "licenses.view_license",
    lambda: GoneMachine.objects.select_related("license"),
    gone,
    lambda text: Q(hostname=text),
    gone_places,
    near_gone,
    opens=False,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found; `near` where nothing is called so, and it may be meant."""

    groups: list[Group]
    near: bool = False

    @property
    def only(self) -> Hit | None:
        """The one that is certainly meant."""
        hits = [(hit, group.opens) for group in self.groups for hit in group.hits]
        return hits[0][0] if len(hits) == 1 and hits[0][1] and not self.near else None


def find(text: str, reader: User) -> Found:
    """What the whole text names, of all that the reader may view; when it names nothing, what has
    each of its words; then what was so, and to whom and about what an e-mail went; then what nearly
    is so."""
    wanted = text.strip()[:LONGEST]
    if not form_of(wanted):
        return Found([])
    kinds = [kind for kind in KINDS if reader.has_perm(kind.right)]
    once = [kind for kind in (GONE,) if reader.has_perm(kind.right)]
    groups = [_group(kind, kind.rows().filter(kind.whole(wanted))) for kind in kinds]
    if not any(group.hits for group in groups):
        groups = [_by_words(kind, wanted) for kind in kinds]
    if not any(group.hits for group in groups):
        groups = [_by_words(kind, wanted) for kind in once]
    if not any(group.hits for group in groups):
        groups = [_written_to(wanted, reader)]
    if not any(group.hits for group in groups):
        groups = [_emails(wanted, reader)]
    near = not any(group.hits for group in groups)
    if near:
        kinds += once
        groups = [_group(kind, kind.rows().filter(pk__in=kind.near(wanted))) for kind in kinds]
    return Found([group for group in groups if group.hits], near=near)


def _written_to(wanted: str, reader: User) -> Group:
    """People to whom e-mails went at this address; it may have been theirs. One that somebody typed
    and has not confirmed is nobody's."""
    may = reader.has_perms(("accounts.view_user", "mail.view_outgoingemail"))
    went = OutgoingEmail.objects.filter(recipient__in=spellings_of(wanted), user__isnull=False)
    told = went.exclude(kind=UNTOLD).order_by().values_list("user_id", flat=True).distinct()
    ids = list(told[: SHOWN + 1]) if may and "@" in wanted else []
    hits = [person(each) for each in User.objects.filter(pk__in=ids)] if ids else []
    return Group(
        _("People who had e-mails at this address"), hits[:SHOWN], len(hits) > SHOWN, opens=False
    )


def _emails(wanted: str, reader: User) -> Group:
    """E-mails whose subjects have every word, among the last LOOKED_AT."""
    may = reader.has_perm("mail.view_outgoingemail")
    forms = [word.form for word in asked(wanted) or ()]
    told = OutgoingEmail.objects.only("subject", "recipient", "created_at")
    last = told.order_by("-created_at", "pk")[:LOOKED_AT] if may else []
    found = [each for each in last if forms and has_all(each.subject, forms)]
    return Group(_("E-mails"), [email(each) for each in found[:SHOWN]], len(found) > SHOWN)


def email(each: OutgoingEmail) -> Hit:
    return Hit(
        reverse("admin:mail_outgoingemail_change", args=[each.pk]),
        each.subject,
        " · ".join((each.recipient, date_text(each.created_at))),
    )


def date_text(moment: datetime) -> str:
    return date_format(localtime(moment), "j F Y")


def _by_words(kind: Findable, wanted: str) -> Group:
    found = finding.find(kind.rows(), wanted, kind.places)
    return _group(kind, found.rows, part=found.part)


def _group(kind: Findable, rows: QuerySet[Any], *, part: bool = False) -> Group:
    hits = [kind.shown(row) for row in rows[: SHOWN + 1]]
    return Group(kind.title, hits[:SHOWN], part or len(hits) > SHOWN, opens=kind.opens)


@require_safe
def find_view(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """The page of what was found; a single hit is opened at once. Operators are refused."""
    if not is_inside():
        raise PermissionDenied
    text = request.GET.get("q", "")
    found = find(text, cast(User, request.user))
    if found.only:
        return redirect(found.only.url)
    shown = {"title": _("Find"), "text": text, "groups": found.groups, "near": found.near}
    return render(request, "admin/find.html", context | shown)
