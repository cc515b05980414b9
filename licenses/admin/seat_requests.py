"""Customers' requests to release a machine, in the back office: to read and to answer."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from backoffice.base import VendorAdmin
from backoffice.filters import DaysFilter, PersonFilter
from backoffice.lists import Empty, KeysetList
from licenses import words
from licenses.errors import LicensingError, RequestAnswered
from licenses.models import Activation, SeatRequest
from licenses.verbs import releasing
from tenancy.texts import LineField

RELEASE, REFUSE = "release", "refuse"


class ToAnswer(KeysetList):
    """A list in which an open request leads to its answer, for who may answer."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.may_answer = request.user.has_perm(releasing.ANSWERS)

    def url_for_result(self, result: Any) -> str:
        if result.is_open and self.may_answer:
            return reverse("admin:licenses_seatrequest_answer", args=[result.pk])
        return super().url_for_result(result)


def waiting_url() -> str:
    """The list of those that wait, for who answers one after the other; of all where none does."""
    waits = SeatRequest.objects.filter(state=SeatRequest.State.OPEN).exists()
    query = {"state__exact": SeatRequest.State.OPEN} if waits else {}
    return reverse("admin:licenses_seatrequest_changelist", query=query)


class AnswerForm(forms.Form):
    """Release or refuse, and a sentence for the customer."""

    do = forms.ChoiceField(choices=[(RELEASE, ""), (REFUSE, "")], widget=forms.HiddenInput)
    answer = LineField(
        label=_("Answer"),
        max_length=500,
        required=False,
        help_text=_(
            "The customer reads it in an e-mail and in the licence's history. A refusal has to say "
            "why."
        ),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("do") == REFUSE and not cleaned.get("answer"):
            self.add_error("answer", _("Say why: the customer reads it."))
        return cleaned


@admin.register(SeatRequest)
class SeatRequestAdmin(VendorAdmin):
    """Requests come from the portal; here they are answered."""

    empty = Empty(
        "help",
        _("Customers whose machine is lost or broken ask here for its seat to be freed."),
        button=_("To the machines"),
        route="licenses_activation_changelist",
        right="licenses.view_activation",
    )
    list_display = ("created_at", "machine", "license", "user", "reason", "state", "answered_at")
    list_display_links = ("created_at", "machine")
    list_filter = ("state", "by_customer", ("created_at", DaysFilter), ("user", PersonFilter))
    list_select_related = ("license", "user")
    actions = None
    fields = (
        "machine", "license", "user", "created_at", "reason", "works", "state", "by_customer",
        "answer", "answered_by", "answered_at",
    )  # fmt: skip
    readonly_fields = fields
    change_form_template = "licenses/admin/seat_request.html"

    @admin.display(description=_("machine"))
    def machine(self, obj: SeatRequest) -> str:
        return str(obj)

    @admin.display(description=_("what runs there"))
    def works(self, obj: SeatRequest) -> str:
        """Until when the machine's response works, for who decides."""
        machine = _machine_of(obj)
        return words.works_until(machine) if machine else ""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        usual = super().get_changelist(request, **kwargs)
        return ToAnswer if usual is KeysetList else usual

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.answer_view)
        name = "licenses_seatrequest_answer"
        return [path("<uuid:row_id>/answer/", view, name=name), *super().get_urls()]

    def answer_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """What is asked, what will follow, and the two answers."""
        if not request.user.has_perm(releasing.ANSWERS):
            raise PermissionDenied
        asked = self.get_object(request, str(row_id))
        if asked is None:
            raise Http404
        if not asked.is_open:
            if request.method == "POST":
                messages.warning(request, RequestAnswered().sentence)
            return redirect("admin:licenses_seatrequest_change", asked.pk)
        form = AnswerForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            return self._answer(request, asked, **form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Release %(machine)s?") % {"machine": asked},
            "opts": self.opts,
            "original": asked,
            "machine": _machine_of(asked),
            "who": asked.user or _("somebody who is gone"),
            "works": self.works(asked),
            "deactivations": words.deactivations_text(asked.license),
            "form": form,
            "list_url": waiting_url(),
        }
        return render(request, "licenses/admin/answer.html", context)

    def _answer(
        self, request: HttpRequest, asked: Any, *, do: str, answer: str
    ) -> HttpResponseBase:
        try:
            if do == RELEASE:
                releasing.release(asked, answer=answer)
                done = _("The machine %(machine)s is released, and the customer gets an e-mail.")
            else:
                releasing.refuse(asked, answer=answer)
                done = _("The request is refused, and the customer gets an e-mail.")
        except LicensingError as error:
            messages.error(request, error.sentence)
        else:
            messages.success(request, done % {"machine": asked})
        return redirect(waiting_url())


def _machine_of(asked: SeatRequest) -> Activation | None:
    """The machine, while it has its seat."""
    machines = Activation.objects.select_related("license")
    return machines.filter(pk=asked.activation_id).first()
