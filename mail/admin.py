"""The e-mails of a vendor, in the back office: where each one is, and sending one again."""

from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin
from django.contrib.admin.filters import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.base import WithButtons
from backoffice.lists import Empty
from mail.delivery import resend
from mail.kinds import KINDS
from mail.models import OutgoingEmail
from mail.recent import RECENT, recent
from tenancy.addresses import spellings_of
from tenancy.finding import Place, begins, named
from tenancy.spelling import Typed

RESENDABLE = (OutgoingEmail.State.FAILED, OutgoingEmail.State.UNKNOWN)


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


class RecentFilter(SimpleListFilter):
    """E-mails of the last days; the overview leads here."""

    title = _("age")
    parameter_name = "recent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(RECENT), _("The last %(n)d days") % {"n": RECENT})]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutgoingEmail]
    ) -> QuerySet[OutgoingEmail]:
        if self.value() != str(RECENT):
            return queryset
        return recent(queryset, timezone.now())


@admin.register(OutgoingEmail)
class OutgoingEmailAdmin(WithButtons):
    """E-mails to look at; an administrator can have one sent again that failed."""

    empty = Empty(
        "mail",
        _("Every e-mail that the portal sends stands here: invitations, licences, reminders."),
        button=_("To the customers"),
        route="accounts_user_changelist",
        right="accounts.view_user",
    )
    verbs = {"send-again": (resend, _("The e-mail is on its way again."))}
    rights = {"send-again": "send"}
    list_display = (
        "created_at",
        "kind_shown",
        "recipient",
        "subject",
        "state",
        "attempts",
        "sent_at",
    )
    list_filter = ("state", KindFilter, RecentFilter)
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
    change_form_template = "mail/admin/email.html"

    @admin.display(description=_("kind"))
    def kind_shown(self, obj: OutgoingEmail) -> str:
        return str(KINDS[obj.kind].label) if obj.kind in KINDS else obj.kind

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        email = self.get_object(request, object_id)
        may_send = request.user.has_perm(self.right("send"))
        shown = {"resendable": bool(email and may_send and email.state in RESENDABLE)}
        return super().change_view(request, object_id, form_url, shown)
