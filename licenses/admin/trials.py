"""Trials and their policies in the back office."""

from django import forms
from django.contrib import admin
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.admin.metadata import WithMetadata
from accounts.metadata import METADATA_FORM
from backoffice.base import WithDuplicate, Writes
from backoffice.export import WithExport
from backoffice.filters import DaysFilter, RelatedFilter
from backoffice.lists import Empty
from licenses.admin.lengths import LENGTHS
from licenses.models import RESTRICTIONS, TrialActivation, TrialPolicy
from licenses.models.terms import seconds_in_words
from licenses.verbs.trials import (
    change_trial,
    change_trial_policy,
    create_trial_policy,
    delete_trial,
    delete_trial_policy,
)


@admin.register(TrialPolicy)
class TrialPolicyAdmin(WithDuplicate):
    """A product that has one can be tried by anybody."""

    add_text = _("Add a trial policy")
    takes_any_number = True
    empty = Empty(
        "hourglass",
        _("A trial policy says how long a product that has it may be tried, and where."),
    )
    writes = {TrialPolicy: Writes(create_trial_policy, change_trial_policy, delete_trial_policy)}
    formfield_overrides = LENGTHS
    list_display = ("name", "length")
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "trial_length", "fingerprint_matching_strategy")}),
        (_("Where it may be activated"), {"classes": ("collapse",), "fields": RESTRICTIONS}),
    )

    @admin.display(description=_("trial length"), ordering="trial_length")
    def length(self, obj: TrialPolicy) -> str:
        return seconds_in_words(obj.trial_length)


@admin.register(TrialActivation)
class TrialActivationAdmin(WithExport, WithMetadata):
    """Machines begin their trials themselves; here one ends later or sooner, or is forgotten."""

    list_title = _("Trials")
    takes_any_number = True
    empty = Empty(
        "flask",
        _("A machine appears here when somebody tries a product that has a trial policy."),
        button=_("To the products"),
        route="licenses_product_changelist",
        right="licenses.view_product",
    )
    writes = {TrialActivation: Writes(change=change_trial, delete=delete_trial)}
    # One field, with a label, and to the second, so that what nobody has changed stays.
    formfield_overrides = METADATA_FORM | {
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(
                attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"
            ),
        }
    }
    list_display = ("hostname", "product", "os", "offline", "created_at", "expires_at")
    list_select_related = ("product",)
    list_filter = (
        ("product", RelatedFilter),
        "offline",
        ("created_at", DaysFilter),
        ("expires_at", DaysFilter),
    )
    fields = (
        "product", "hostname", "fingerprint", "os", "os_version", "vm_name", "container",
        "app_version", "user_hash", "offline", "metadata_shown", "created_at", "expires_at",
    )  # fmt: skip
    readonly_fields = tuple(name for name in fields if name != "expires_at")
    export_name = "trials"
    export_right = "licenses.export_trialactivation"
    export_columns = {
        "id": lambda row: row.pk,
        "product": lambda row: str(row.product),
        "hostname": lambda row: row.hostname,
        "fingerprint": lambda row: row.fingerprint,
        "os": lambda row: row.os,
        "offline": lambda row: row.offline,
        "created": lambda row: row.created_at,
        "ends": lambda row: row.expires_at,
    }
