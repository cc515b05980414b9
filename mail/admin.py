"""The e-mails of a vendor, in the back office: where each one is, and sending one again."""

from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.filters import SimpleListFilter
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.base import VendorAdmin, WithButtons
from backoffice.filters import DaysFilter, PersonFilter
from backoffice.lists import Empty
from backoffice.owned import OverwritesNothingUnseen
from backoffice.readable import breakable
from mail import emails
from mail.delivery import resend
from mail.kinds import KINDS
from mail.models import OutgoingEmail, OwnText
from mail.outbox import queue
from mail.texts import TEXTS, Text
from mail.verbs import texts as own_texts
from mail.verbs.keeping import kept_of
from tenancy.addresses import spellings_of
from tenancy.door import current_vendor
from tenancy.finding import Place, begins, named
from tenancy.spelling import Typed

RESENDABLE = (OutgoingEmail.State.FAILED, OutgoingEmail.State.UNKNOWN)
# How a state looks; the others are neither good nor bad.
BADGES = {"sent": "active", "failed": "revoked", "unknown": "suspended"}


def email_places(word: Typed) -> list[Place]:
    """The beginning of an address, in any spelling of its domain."""
    to = reduce(or_, (begins("recipient", text) for text in spellings_of(word.text)))
    emails = OutgoingEmail.objects.filter(to).order_by("recipient")
    return [named(emails.values_list("pk", flat=True), to)]


class KindFilter(SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, kind.label) for name, kind in KINDS.items()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutgoingEmail]
    ) -> QuerySet[OutgoingEmail]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(OutgoingEmail)
class OutgoingEmailAdmin(WithButtons):
    """E-mails to look at; an administrator can have one sent again that failed."""

    empty = Empty(
        "mail",
        _("Every e-mail that the portal sends stands here: invitations, licences, reminders."),
        button=_("To the customers"),
        route="accounts_user_changelist",
        right="accounts.view_user",
        query="kind=customers",
    )
    verbs = {"send-again": (resend, _("The e-mail is on its way again."))}
    rights = {"send-again": "send"}
    list_display = (
        "created_at",
        "kind_shown",
        "recipient_shown",
        "person",
        "subject",
        "state_shown",
    )
    list_select_related = ("user",)
    list_filter = ("state", KindFilter, ("created_at", DaysFilter), ("user", PersonFilter))
    search_fields = ("recipient",)  # for the box to be there
    search_help_text = _("The recipient's e-mail, or its beginning.")
    places = staticmethod(email_places)
    actions = None
    fields = (
        "created_at",
        "kind_shown",
        "recipient",
        "user",
        "subject",
        "state",
        "attempts",
        "due_at",
        "sent_at",
        "last_error",
    )
    readonly_fields = fields
    change_list_template = "mail/admin/emails.html"
    change_form_template = "mail/admin/email.html"

    def get_list_display(self, request: HttpRequest) -> Any:
        """With the way to people's stories for who may go there."""
        may_read = request.user.has_perm("accounts.view_user")
        return [name for name in self.list_display if name != "person" or may_read]

    def get_list_filter(self, request: HttpRequest) -> Any:
        """The same of people to choose from."""
        may_read = request.user.has_perm("accounts.view_user")
        return self.list_filter if may_read else self.list_filter[:-1]

    @admin.display(description=_("kind"))
    def kind_shown(self, obj: OutgoingEmail) -> str:
        return str(KINDS[obj.kind].label) if obj.kind in KINDS else obj.kind

    @admin.display(description=_("recipient"), ordering="recipient")
    def recipient_shown(self, obj: OutgoingEmail) -> str:
        return breakable(obj.recipient)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, obj: OutgoingEmail) -> str:
        """In the list, where the one that failed has to be seen among many."""
        code = BADGES.get(obj.state, "")
        return format_html(
            '<span class="badge {}">{}</span>', code, capfirst(obj.get_state_display())
        )

    @admin.display(description=_("person"))
    def person(self, obj: OutgoingEmail) -> str:
        """The person's name, with the way to the story that it is a part of."""
        if obj.user is None:
            return ""
        story = reverse("admin:accounts_user_story", args=[obj.user_id])
        return format_html('<a href="{}">{}</a>', story, obj.user.full_name)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        email = self.get_object(request, object_id)
        may_send = request.user.has_perm(self.right("send"))
        shown = {
            "resendable": bool(email and may_send and email.state in RESENDABLE),
            "kept": kept_of(email) if email else None,
            "is_sent": bool(email and email.state == OutgoingEmail.State.SENT),
        }
        return super().change_view(request, object_id, form_url, shown)


class OwnTextForm(OverwritesNothingUnseen, forms.ModelForm[OwnText]):
    """Subject and text, with what is wrong with their placeholders beside each."""

    class Meta:
        model = OwnText
        fields = ("subject", "text")
        widgets = {
            "subject": forms.TextInput(attrs={"size": 60}),
            "text": forms.Textarea(attrs={"rows": 16}),
        }

    @property
    def as_typed(self) -> OwnText:
        """The text as it stands in a valid form, not saved."""
        return OwnText(kind=self.instance.kind, **self.cleaned_data)


@admin.register(OwnText)
class OwnTextAdmin(VendorAdmin):
    """The texts that there are, and for each a page on which it is written anew."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.list_view), name="mail_owntext_changelist"),
            path("write/<slug:name>/", view(self.edit_view), name="mail_owntext_write"),
            path(
                "write/<slug:name>/standard/",
                view(self.standard_view),
                name="mail_owntext_standard",
            ),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """Leads from a row, which the trail knows, to the page of its text."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            return super().change_view(request, object_id, *args, **kwargs)
        return redirect("admin:mail_owntext_write", row.kind)

    def _check(self, request: HttpRequest) -> None:
        if not request.user.has_perm("mail.change_owntext"):
            raise PermissionDenied

    def _text(self, name: str) -> Text:
        if name not in TEXTS:
            raise Http404
        return TEXTS[name]

    def _page(
        self, request: HttpRequest, template: str, title: object, **more: Any
    ) -> HttpResponse:
        frame = self.admin_site.each_context(request)
        return render(request, template, {**frame, "title": title, "opts": self.opts, **more})

    def list_view(self, request: HttpRequest) -> HttpResponse:
        """Every text, and which of them are the vendor's own."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        own = set(OwnText.objects.values_list("kind", flat=True))
        rows = [(text, text.name in own) for text in TEXTS.values()]
        title = _("Texts of e-mails")
        return self._page(request, "mail/admin/texts.html", title, rows=rows)

    def edit_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """One text: looked at with samples (`do=preview`), sent to who writes it (`do=test`), or
        saved."""
        self._check(request)
        text = self._text(name)
        saved = own_texts.text_of(text)
        is_own = not saved._state.adding
        form = OwnTextForm(request.POST if request.method == "POST" else None, instance=saved)
        shown = saved if request.method != "POST" else None
        if request.method == "POST" and form.is_valid():
            if "do" not in request.POST and self._saved_text(text, form):
                messages.success(request, _("The text is saved."))
                return redirect("admin:mail_owntext_write", text.name)
            if request.POST.get("do") == "test":
                self._send_test(request, text, form)
            shown = None if form.errors else form.as_typed
        return self._page(
            request,
            "mail/admin/text.html",
            text.label,
            letter=text,
            form=form,
            is_own=is_own,
            placeholders=emails.sample_values(text, current_vendor()).items(),
            preview=emails.preview(text, shown, current_vendor()) if shown else None,
        )

    @staticmethod
    def _saved_text(text: Text, form: OwnTextForm) -> bool:
        """Whether it is saved; what the verb refuses stands in the form."""
        given = form.cleaned_data
        try:
            own_texts.write(text, subject=given["subject"], body=given["text"])
        except ValidationError as error:
            form.add_error(None, error)
            return False
        return True

    @staticmethod
    def _send_test(request: Any, text: Text, form: OwnTextForm) -> None:
        given = form.cleaned_data
        details = {"text": text.name, "subject": given["subject"], "body": given["text"]}
        queue(emails.TEST, user=request.user, details=details)
        said = _("A test is on its way to %(address)s. Nothing is saved yet.")
        messages.success(request, said % {"address": request.user.email})

    def standard_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Gives the vendor's own text up."""
        self._check(request)
        text = self._text(name)
        if request.method != "POST":
            raise Http404
        own_texts.back_to_standard(text)
        messages.success(request, _("It is the standard text again."))
        return redirect("admin:mail_owntext_write", text.name)
