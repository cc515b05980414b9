"""The search form above the list of licences."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from licenses.search import DEFAULT_SORT, SORTS, Wanted
from licenses.status import Status
from tenancy.texts import LineField

STATUS_CHOICES = [
    ("", _("Any status")),
    (Status.ACTIVE.value, _("Active")),
    (Status.EXPIRING_SOON.value, _("Expires soon")),
    (Status.NOT_STARTED.value, _("Not started")),
    (Status.EXPIRED.value, _("Expired")),
    (Status.SUSPENDED.value, _("Suspended")),
    (Status.REVOKED.value, _("Revoked")),
]
NEVER = "never"
EXPIRY_CHOICES = [
    ("", _("Any expiry")),
    ("30", _("Within 30 days")),
    ("60", _("Within 60 days")),
    ("90", _("Within 90 days")),
    (NEVER, _("Never")),
]


class ReleaseForm(forms.Form):
    """Why a machine can't give its seat back itself."""

    reason = LineField(
        label=_("What has happened to the machine"),
        max_length=500,
        help_text=_("Such as: the disk broke, and the machine was scrapped."),
    )


class NameForm(forms.Form):
    """What an owner calls a licence; empty takes the name away."""

    name = LineField(
        label=_("Name of the licence"),
        max_length=100,
        required=False,
        help_text=_("Everybody who sees the licence reads it, the vendor's staff, too."),
    )


class MachineSearchForm(forms.Form):
    """A text in machines and their licences."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=256,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Machine, key, product")}),
    )


class LicenseSearchForm(forms.Form):
    """All fields are optional; what can't be understood is left out of the search and said."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=256,
        strip=True,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Name, key, machine, order")}
        ),
    )
    product = forms.ChoiceField(label=_("Product"), required=False)
    status = forms.ChoiceField(label=_("Status"), required=False, choices=STATUS_CHOICES)
    expiry = forms.ChoiceField(label=_("Expires"), required=False, choices=EXPIRY_CHOICES)
    sort = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, products: Sequence[tuple[Any, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Any product")), *((str(pk), name) for pk, name in products)]
        self.fields["product"].choices = choices  # type: ignore[attr-defined]

    def clean_sort(self) -> str:
        sort = str(self.cleaned_data["sort"])
        return sort if sort.removeprefix("-") in SORTS else DEFAULT_SORT

    def asked(self) -> tuple[Wanted, dict[str, str], str]:
        """What was asked, as far as it makes sense: for the search, for the links of the page, and
        the order."""
        # A filter that makes no sense is said beside its field; the others still count.
        self.is_valid()
        given: dict[str, str] = getattr(self, "cleaned_data", {})
        filters = {name: value for name, value in given.items() if value and name != "sort"}
        return self._wanted(filters), filters, given.get("sort") or DEFAULT_SORT

    def _wanted(self, filters: dict[str, str]) -> Wanted:
        product, status, expiry = (filters.get(name) for name in ("product", "status", "expiry"))
        return Wanted(
            text=filters.get("q", ""),
            product_id=UUID(product) if product else None,
            status=Status(status) if status else None,
            expires_within=int(expiry) if expiry and expiry != NEVER else None,
            never_expires=expiry == NEVER,
        )
