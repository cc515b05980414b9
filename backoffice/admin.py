"""A vendor's audit trail in the back office: to read and to filter."""

import json
from datetime import datetime
from typing import Any
from unicodedata import normalize
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.filters import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit import trail
from audit.models import AuditEntry
from audit.words import ACTIONS, changed_fields, remark, title, value_text
from backoffice.bulk.admin import BulkChangeAdmin
from backoffice.export import WithExport
from backoffice.filters import DaysFilter
from backoffice.leads import places_by_leads
from backoffice.lists import Empty
from tenancy import finding
from tenancy.finding import Place, begins
from tenancy.spelling import Typed
from web.browsers import named

__all__ = ["AuditEntryAdmin", "BulkChangeAdmin"]

Entries = QuerySet[AuditEntry]
MOST_TOLD, LONGEST_TOLD = 3, 80  # changes of an entry in the list, and characters of a value


def _told(
    entry: AuditEntry, changes: list[tuple[str, str, str]], most: int | None = None
) -> SafeString:
    """The changes, each in a line; of a long value so many characters."""
    lines = (
        (
            field,
            format_html("<ins>{}</ins>", shorten(new, most))
            if entry.action == "created"
            else format_html(
                "<del>{}</del> → <ins>{}</ins>", shorten(old, most), shorten(new, most)
            ),
        )
        for field, old, new in changes
    )
    return format_html_join("", "<div>{}: {}</div>", lines)


def shorten(text: str, most: int | None) -> str:
    return text if most is None or len(text) <= most else f"{text[: most - 1]}…"


class ActionFilter(SimpleListFilter):
    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return sorted(ACTIONS.items(), key=lambda each: str(each[1]))

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        return queryset.filter(action=self.value()) if self.value() else queryset


def detail_text(name: str, value: Any) -> str:
    """A detail in words; of a browser what it is, if that is known."""
    known = ", ".join(filter(None, named(str(value)))) if name == "browser" else ""
    return known or value_text(value)


class CustomerFilter(SimpleListFilter):
    """The entries about one customer, where his story's page leads; not offered by itself."""

    title = _("customer")
    parameter_name = "customer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        chosen = request.GET.get(self.parameter_name, "")
        return [(chosen, _("This customer"))] if chosen else []

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        if not self.value():
            return queryset
        try:
            return queryset.filter(customer_id=UUID(self.value()))
        except ValueError:
            return queryset.none()


def entry_places(word: Typed) -> list[Place]:
    """Where a word of an entry may stand: at the beginning of the name of what it is about, and in
    the rows that it leads to."""
    entries = AuditEntry.objects.all()
    by_label = []
    for spelling in sorted(_spellings(word.text)):
        labels = entries.filter(begins("label", spelling)).order_by("label")
        by_label.append(
            finding.named(labels.values_list("pk", flat=True), begins("label", spelling))
        )
    return [*by_label, *places_by_leads(entries, word)]


def _spellings(text: str) -> set[str]:
    """How a name may be written that somebody types: the trail keeps names as they are, and none of
    its own words."""
    ways = (text, text.lower(), text.upper(), text.capitalize())
    return {text, *(normalize("NFC", way) for way in ways)}


@admin.register(AuditEntry)
class AuditEntryAdmin(WithExport):
    """Nothing can be changed here: not even the database would let it happen."""

    list_title = _("Audit trail")
    empty = Empty("list", _("What is done is written down here and can’t be changed."))
    export_right = "audit.export_auditentry"
    export_name = "audit-trail"
    export_columns = {
        "sequence": lambda entry: entry.sequence,
        "at": lambda entry: entry.created_at,
        "action": lambda entry: entry.action,
        "source": lambda entry: entry.source,
        "ip": lambda entry: entry.ip,
        "actor_id": lambda entry: entry.actor_id,
        "actor": lambda entry: entry.actor,
        "subject_type": lambda entry: entry.subject_type,
        "subject_id": lambda entry: entry.subject_id,
        "subject": lambda entry: entry.subject,
        "license_id": lambda entry: entry.license_id,
        "customer_id": lambda entry: entry.customer_id,
        "changes": lambda entry: json.dumps(entry.changes, ensure_ascii=False),
        "details": lambda entry: json.dumps(entry.details, ensure_ascii=False),
        "previous": lambda entry: entry.previous,
        "digest": lambda entry: entry.digest,
    }

    list_display = (
        "at",
        "action_shown",
        "subject",
        "beginning",
        "actor",
        "source",
        "ip",
    )
    list_filter = ("source", ActionFilter, ("created_at", DaysFilter), CustomerFilter)
    search_fields = ("label",)  # for the box to be there
    search_help_text = _(
        "Beginnings of words: what an entry is about (its name as it is written), the key of its "
        "licence, e-mail and name of its customer or of who acted."
    )
    places = staticmethod(entry_places)
    actions = None
    fields = (
        "sequence",
        "created_at",
        "action_shown",
        "kind",
        "subject",
        "actor",
        "source",
        "ip",
        "what_changed",
        "more",
        "visible",
        "digest",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Entries:
        return trail.told_to(request.user, super().get_queryset(request))

    def title_of(self, row: AuditEntry) -> str:
        return f"{title(row)}: {row.subject}"

    @admin.display(description=_("when"), ordering="sequence")
    def at(self, obj: AuditEntry) -> datetime:
        """Entries are numbered as they are written."""
        return obj.created_at

    @admin.display(description=_("action"))
    def action_shown(self, obj: AuditEntry) -> str:
        return title(obj)

    @admin.display(description=_("what"))
    def subject(self, obj: AuditEntry) -> str:
        return obj.subject

    @admin.display(description=_("who"))
    def actor(self, obj: AuditEntry) -> str:
        return obj.actor

    @admin.display(description=_("IP address"))
    def ip(self, obj: AuditEntry) -> str:
        return obj.ip or ""

    @admin.display(description=_("kind"))
    def kind(self, obj: AuditEntry) -> str:
        """What rows of its kind are called; as it was written down if there are none any more."""
        try:
            return str(apps.get_model(obj.subject_type)._meta.verbose_name)
        except (LookupError, ValueError):
            return obj.subject_type

    @admin.display(description=_("changes"))
    def what_changed(self, obj: AuditEntry) -> SafeString | str:
        return remark(obj) or _told(obj, changed_fields(obj))

    @admin.display(description=_("changes"))
    def beginning(self, obj: AuditEntry) -> SafeString | str:
        """The first changes; the entry's page has all of them."""
        if remark(obj):
            return remark(obj)
        changes = changed_fields(obj)
        told, more = _told(obj, changes[:MOST_TOLD], LONGEST_TOLD), len(changes) - MOST_TOLD
        if more <= 0:
            return told
        text = ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}
        return format_html('{}<div class="quiet">{}</div>', told, text)

    @admin.display(description=_("details"))
    def more(self, obj: AuditEntry) -> SafeString | str:
        lines = ((name, detail_text(name, value)) for name, value in obj.details.items())
        return format_html_join("", "<div>{}: {}</div>", lines)
