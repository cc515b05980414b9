"""Machines in the back office: to look at, and to release for a customer."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.metadata import WithMetadata
from backoffice.bulk.asking import Question, ask
from backoffice.filters import DaysFilter
from backoffice.lists import Empty
from licenses import bulk, words
from licenses.access import became
from licenses.admin.filters import OwnerFilter
from licenses.errors import LicensingError, MachineIsGone
from licenses.history import gone_machine
from licenses.models import Activation, SeatRequest
from licenses.search import machine_places
from licenses.verbs.releasing import ANSWERS, free
from tenancy.texts import LineField


class FreeForm(forms.Form):
    """Why a machine is released."""

    reason = LineField(
        label=_("Reason"),
        max_length=200,
        help_text=_("It is kept in the licence's history, where the customer can read it."),
    )


RELEASE_MANY = Question(
    kind=bulk.MACHINES_NAME,
    name=bulk.RELEASE,
    label=_("Release these machines"),
    consequence=_(
        "Their seats are free at once, which counts as a deactivation for each, also beyond what "
        "the licence allows. What runs on an offline machine goes on until its response ends."
    ),
    form=FreeForm,
)


@admin.register(Activation)
class ActivationAdmin(WithMetadata):
    """Machines come and go through the verbs; here one can be released, with a reason."""

    list_title = _("Machines")
    called = (_("machine"), _("machines"))
    empty = Empty(
        "machine",
        _("A machine appears here when a program on it activates a licence."),
        button=_("To the licences"),
        route="licenses_license_changelist",
        right="licenses.view_license",
    )
    list_display = ("hostname", "license", "os", "offline", "app_version", "last_synced_at")
    list_filter = (
        "os",
        "offline",
        ("license__user", OwnerFilter),
        ("last_synced_at", DaysFilter),
        ("created_at", DaysFilter),
    )
    lookups = ("app_version", "license")
    actions = ("release_many",)
    takes_any_number = True
    list_select_related = ("license",)
    search_fields = ("hostname",)  # for the box to be there
    search_help_text = _(
        "Beginnings of words: host name, licence key (also its groups and its end), fingerprint."
    )
    places = staticmethod(machine_places)
    fields = (
        "license", "hostname", "fingerprint", "os", "os_version", "vm_name", "container",
        "app_version", "client_version", "user_hash", "offline", "offline_response_valid_until",
        "last_synced_at", "lease_expires_at", "expires", "set_up_anew", "metadata_shown",
        "meters_shown", "created_at",
    )  # fmt: skip
    readonly_fields = ("expires", "set_up_anew", "meters_shown")
    change_form_template = "licenses/admin/activation.html"

    @admin.action(description=_("Release"), permissions=["release"])
    def release_many(self, request: HttpRequest, queryset: QuerySet[Activation]) -> HttpResponse:
        """Asks why; then a job frees the seats, one after the other."""
        return ask(self, request, queryset, "release_many", RELEASE_MANY)

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(ANSWERS)

    @admin.display(description=_("expires"))
    def expires(self, obj: Activation) -> str:
        return words.end_text(obj.end) if obj.end else ""

    @admin.display(description=_("meter attributes"))
    def meters_shown(self, obj: Activation) -> str:
        """How many uses of each counted feature the machine has."""
        return "\n".join(f"{each['name']}: {each['uses']}" for each in obj.meter_attributes)

    @admin.display(description=_("set up anew"))
    def set_up_anew(self, obj: Activation) -> str:
        """How often the machine came with another key; what it had before goes on running."""
        return words.replacements_text(obj, obj.license, timezone.now())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """With the customer's request to release the machine, if there is one."""
        machine = self.get_object(request, object_id)
        shown = {"asked": _asked_for(request, machine) if machine else None}
        return super().change_view(request, object_id, form_url, shown | (extra_context or {}))

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        found = to_license_once_gone(request, object_id)
        return found or super()._get_obj_does_not_exist_redirect(request, opts, object_id)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.free_view)
        name = "licenses_activation_release"
        return [path("<uuid:row_id>/release/", view, name=name), *super().get_urls()]

    def free_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """Asks why, says what will follow, and frees the seat."""
        if not request.user.has_perm("licenses.release_activation"):
            raise PermissionDenied
        machine = self.get_object(request, str(row_id))
        if machine is None:
            if (response := to_license_once_gone(request, str(row_id))) is None:
                raise Http404
            return response
        form = FreeForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            return self._free(request, machine, form.cleaned_data["reason"])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Release %(machine)s?") % {"machine": machine},
            "opts": self.opts,
            "original": machine,
            "works": words.works_until(machine),
            "asked": _asked_for(request, machine),
            "form": form,
        }
        return render(request, "licenses/admin/release.html", context)

    def _free(self, request: HttpRequest, machine: Any, reason: str) -> HttpResponseBase:
        try:
            free(machine, reason=reason)
        except LicensingError as error:
            messages.error(request, error.sentence)
        else:
            done = _("The machine %(machine)s is released and its seat is free.")
            messages.success(request, done % {"machine": machine})
        return redirect("admin:licenses_license_change", machine.license_id)


def to_license_once_gone(request: HttpRequest, row_id: str) -> HttpResponse | None:
    """Leads on to the licence, and says what became of a machine that has no seat any more: a page
    from the browser's history, a button pressed twice. None for one that never was."""
    try:
        last = gone_machine(UUID(row_id))
    except ValueError:
        return None
    if last is None:
        return None
    messages.info(request, MachineIsGone(became(last)).sentence)
    return redirect("admin:licenses_license_change", last.license_id)


def _asked_for(request: HttpRequest, machine: Activation) -> SeatRequest | None:
    """The request to release the machine that waits for an answer, for who may read it."""
    if not request.user.has_perm("licenses.view_seatrequest"):
        return None
    waiting = SeatRequest.objects.filter(activation_id=machine.pk, state=SeatRequest.State.OPEN)
    return waiting.select_related("user").first()
