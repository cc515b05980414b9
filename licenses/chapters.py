"""The chapters of a customer's story that this app brings: licences and machines."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.story import SHOWN, Action, Cell, Chapter, register
from backoffice.pages import counted
from licenses import words
from licenses.access import licenses_of, machines_of
from licenses.models import SeatRequest
from licenses.verbs.releasing import ANSWERS
from web.moments import at


def licenses(user: User, _reader: User) -> Chapter:
    """The customer's licences, and those where he is an additional user."""
    found = licenses_of(user)
    rows = [
        [
            Cell(license.key, _page("license", license)),
            Cell(str(license.product)),
            Cell(words.status_text(license.standing).name),
            Cell(words.seats_used(license)),
            Cell(words.expiry_text(license)),
        ]
        for license in found[:SHOWN]
    ]
    add = reverse("admin:licenses_license_add", query={"email": user.email})
    return Chapter(
        "licenses",
        _("Licences"),
        (_("Key"), _("Product"), _("Status"), _("Seats"), _("Expires")),
        rows,
        counted(found.order_by()),
        _("This person has no licence."),
        reverse("admin:licenses_license_changelist", query={"q": user.email}),
        [Action(_now("New licence"), add, "licenses.add_license")],
    )


def machines(user: User, _reader: User) -> Chapter:
    """The machines that use seats of those licences."""
    found = machines_of(user)
    rows = [
        [
            Cell(str(machine), _page("activation", machine)),
            Cell(machine.license.key, _page("license", machine.license), "licenses.view_license"),
            Cell(machine.get_os_display()),
            Cell(_now("offline") if machine.offline else _now("online")),
            Cell(at(machine.last_synced_at)),
        ]
        for machine in found[:SHOWN]
    ]
    return Chapter(
        "machines",
        _("Machines"),
        (_("Machine"), _("Licence"), _("System"), _("Kind"), _("Last seen")),
        rows,
        counted(found.order_by()),
        _("No machine uses a licence of this person."),
    )


def requests(user: User, _reader: User) -> Chapter:
    """What the customer asked support to release, or released himself."""
    found = SeatRequest.objects.filter(user=user)
    rows = [
        [
            Cell(at(request.created_at)),
            Cell(str(request), _page("seatrequest", request)),
            Cell(request.reason),
            _state(request),
            Cell(request.answer),
        ]
        for request in found[:SHOWN]
    ]
    return Chapter(
        "requests",
        _("Requests to release"),
        (_("Asked"), _("Machine"), _("Reason"), _("State"), _("Answer")),
        rows,
        counted(found.order_by()),
        _("This person has asked for no release."),
    )


def _page(model: str, row: Any) -> str:
    return reverse(f"admin:licenses_{model}_change", args=[row.pk])


def _state(request: SeatRequest) -> Cell:
    """What came of it; while it waits the way to the answer, for who may give it."""
    if not request.is_open:
        return Cell(request.get_state_display())
    url = reverse("admin:licenses_seatrequest_answer", args=[request.pk])
    return Cell(request.get_state_display(), url, ANSWERS)


def register_all() -> None:
    """What this room tells of a customer, by place on the page."""
    register(10, "licenses.view_license", licenses)
    register(20, "licenses.view_activation", machines)
    register(25, "licenses.view_seatrequest", requests)
