"""Webhooks in the back office: where events go, what was sent, and sending it again."""

import json
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.filters import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backoffice.base import WithButtons, Writes
from backoffice.filters import DaysFilter, RelatedFilter
from backoffice.lists import Empty
from webhooks.events import EVENTS, GROUPS
from webhooks.models import Delivery, Webhook
from webhooks.verbs import delivering
from webhooks.verbs import webhooks as verbs


class EventsWidget(forms.CheckboxSelectMultiple):
    template_name = "webhooks/admin/events_widget.html"


class WebhookForm(forms.ModelForm[Webhook]):
    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=[(group.title, list(group.events.items())) for group in GROUPS],
        widget=EventsWidget,
        error_messages={"required": _("Choose at least one event.")},
    )

    class Meta:
        model = Webhook
        fields = ("name", "url", "style", "events", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.initial["style"] = Webhook.Style.STANDARD


class StandingFilter(SimpleListFilter):
    title = _("state")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("on", _("on")),
            ("failing", _("nothing arrives")),
            ("switched-off", _("switched off because nothing arrived")),
            ("off", _("off")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> QuerySet[Webhook]:
        chosen = {
            "on": Q(active=True),
            "failing": Q(active=True, failing_since__isnull=False),
            "switched-off": Q(active=False) & ~Q(switched_off=""),
            "off": Q(active=False),
        }
        return queryset.filter(chosen.get(str(self.value()), Q()))


@admin.register(Webhook)
class WebhookAdmin(WithButtons):
    """The addresses that are told of events."""

    add_text = _("Add a webhook")
    empty = Empty(
        "plug",
        _(
            "A webhook tells another program, such as your shop, what happens here: a licence is "
            "made, a machine is activated, a licence expires."
        ),
    )
    writes = {Webhook: Writes(verbs.create_webhook, verbs.change_webhook, verbs.delete_webhook)}
    verbs = {
        "test": (verbs.send_test, _("A test is on its way: the log shows what comes back.")),
        "rotate": (verbs.rotate, _("%(row)s has a new secret.")),
        "send-given-up": (
            delivering.resend_given_up,
            _("What was given up is on its way again."),
        ),
    }
    form = WebhookForm
    list_display = ("name", "url", "told", "standing")
    list_filter = (StandingFilter,)
    ordering = ("name", "id")
    actions = None
    change_form_template = "webhooks/admin/webhook.html"

    @admin.display(description=_("events"))
    def told(self, obj: Webhook) -> str:
        n = len(obj.events)
        return ngettext("%(n)d event", "%(n)d events", n) % {"n": n}

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        """Who may only look reads the events in words."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fields(request, obj)
        return ("name", "url", "style", "told_of", "active")

    @admin.display(description=_("events"))
    def told_of(self, obj: Webhook) -> str:
        return ", ".join(str(EVENTS[event]) for event in obj.events)

    @admin.display(description=_("state"))
    def standing(self, obj: Webhook) -> str:
        """On, or off and why, or that nothing arrives."""
        if obj.active:
            return str(_("nothing arrives") if obj.failing_since else _("on"))
        if not obj.switched_off:
            return str(_("off"))
        return str(_("off: %(why)s") % {"why": obj.get_switched_off_display()})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.secret_view)
        name = "webhooks_webhook_secret"
        return [path("<uuid:row_id>/secret/", view, name=name), *super().get_urls()]

    def response_add(self, request: HttpRequest, obj: Webhook, *args: Any) -> HttpResponse:
        """A new webhook has a secret, which is shown."""
        return redirect("admin:webhooks_webhook_secret", obj.pk)

    def response_change(self, request: HttpRequest, obj: Webhook) -> HttpResponse:
        """So has one of another style, if its secret was none in that."""
        if "style" in request.POST and obj.has_new_secret and obj.encrypted_earlier:
            return redirect("admin:webhooks_webhook_secret", obj.pk)
        return super().response_change(request, obj)

    def verb_view(self, request: HttpRequest, row_id: UUID, verb: str) -> HttpResponseBase:
        """One button; a new secret is shown."""
        done = super().verb_view(request, row_id, verb)
        return redirect("admin:webhooks_webhook_secret", row_id) if verb == "rotate" else done

    def secret_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """The secret, for ten minutes after it was made; then it is shown to nobody."""
        webhook = self.own_row(request, row_id, self.right("change"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("The secret of %(name)s") % {"name": webhook.name},
            "opts": self.opts,
            "original": webhook,
            "secret": webhook.secret if webhook.has_new_secret else "",
            "until": webhook.earlier_until if webhook.encrypted_earlier else None,
            "both_sign": webhook.style == Webhook.Style.STANDARD,
        }
        return render(request, "webhooks/admin/secret.html", context)


class EventFilter(SimpleListFilter):
    title = _("event")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(EVENTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(event=self.value()) if self.value() else queryset


@admin.register(Delivery)
class DeliveryAdmin(WithButtons):
    """What was sent to webhooks, and what they answered; each can be sent again."""

    list_title = _("Sent to webhooks")
    empty = Empty(
        "signal",
        _("Every event that is sent to a webhook stands here for 30 days, with its answer."),
        button=_("To the webhooks"),
        route="webhooks_webhook_changelist",
        right="webhooks.view_webhook",
    )
    verbs = {"send-again": (delivering.resend, _("The event is on its way again."))}
    rights = {"send-again": "send"}
    list_display = ("created_at", "event_shown", "webhook", "state", "status", "attempts")
    list_select_related = ("webhook",)
    list_filter = (
        ("webhook", RelatedFilter),
        "state",
        EventFilter,
        ("created_at", DaysFilter),
    )
    actions = None
    fields = (
        "created_at",
        "event_shown",
        "webhook",
        "state",
        "reason",
        "attempts",
        "sent_at",
        "status_shown",
        "took_shown",
        "due_at",
    )
    readonly_fields = fields
    change_form_template = "webhooks/admin/delivery.html"

    @admin.display(description=_("event"))
    def event_shown(self, obj: Delivery) -> str:
        return f"{obj.label} ({obj.event})"

    @admin.display(description=_("HTTP status"))
    def status_shown(self, obj: Delivery) -> str:
        """The number and what it means; the number alone where HTTP gives it no meaning."""
        if obj.status is None:
            return ""
        known = obj.status in list(HTTPStatus)
        return f"{obj.status} {HTTPStatus(obj.status).phrase}" if known else str(obj.status)

    @admin.display(description=_("answered after"))
    def took_shown(self, obj: Delivery) -> str:
        if obj.took is None:
            return ""
        return _("%(n)s seconds") % {"n": number_format(obj.took / 1000, decimal_pos=2)}

    def title_of(self, row: Delivery) -> str:
        return f"{row.label} → {row.webhook}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        row = self.get_object(request, object_id)
        may_send = request.user.has_perm(self.right("send"))
        shown = {
            "resendable": bool(row and may_send and row.is_over and row.body),
            "sent": _indented(row.body) if row else "",
        }
        return super().change_view(request, object_id, form_url, shown)


def _indented(body: str) -> str:
    """The body as people read it."""
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False) if body else ""
