"""The forms of the back office's pages about licences."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from backoffice.choosing import search_in
from backoffice.lists import is_long
from licenses.admin.lengths import ValidityField
from licenses.intervals import Interval, parse
from licenses.keys import validate_key
from licenses.models import UNLIMITED, License, LicensePolicy, Product
from tenancy.addresses import normalise_email
from tenancy.texts import AddressField

LONGEST_EXTENSION = 3660  # days
MOST_SEATS = 2**31 - 1


class NewLicenseForm(forms.Form):
    """A licence for somebody: who, of what, on which terms, and whether to write."""

    email = AddressField(
        label=_("Customer's e-mail"),
        max_length=254,
        help_text=_("A customer who is known is found; a new one is added."),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )
    first_name = forms.CharField(label=_("First name"), max_length=100, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=100, required=False)
    company = forms.CharField(label=_("Company"), max_length=150, required=False)
    product: Any = forms.ModelChoiceField(label=_("Product"), queryset=None, empty_label=None)
    policy: Any = forms.ModelChoiceField(
        label=_("Policy"),
        queryset=None,
        required=False,
        empty_label=_("None: one seat, never expires"),
    )
    allowed_activations = forms.IntegerField(
        label=_("Seats"),
        required=False,
        validators=[MinValueValidator(UNLIMITED), MaxValueValidator(MOST_SEATS)],
        help_text=_("Empty: as the policy says. 0 or −1 is unlimited."),
    )
    validity = ValidityField(
        label=_("Validity"),
        required=False,
        help_text=_("Empty: as the policy says. Such as 1 year, 18 months, 90 days; or perpetual."),
    )
    expires_on = forms.DateField(
        label=_("Valid until"),
        required=False,
        help_text=_("Empty: as long as the validity says. The whole day counts."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    key = forms.CharField(
        label=_("Key"),
        max_length=256,
        required=False,
        validators=[validate_key],
        help_text=_("Empty: a new one is made."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    notes = forms.CharField(
        label=_("Notes"),
        max_length=4000,
        required=False,
        help_text=_("The customer can read them."),
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )
    send = forms.BooleanField(
        label=_("Send the licence to the customer by e-mail"), required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Chosen within the scope of the request.
        products, policies = Product.objects.all(), LicensePolicy.objects.all()
        for name, rows in (("product", products), ("policy", policies)):
            field: Any = self.fields[name]
            field.queryset = rows
            if is_long(rows):
                search_in(field, License._meta.get_field(name))
        if not self.is_bound:
            self.initial.setdefault("policy", policies.values_list("pk", flat=True).first())

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])

    @property
    def interval(self) -> Interval | None:
        """How long it is to last; None for as the policy says."""
        typed = self.cleaned_data["validity"]
        return None if typed is None else parse(typed)

    @property
    def names(self) -> dict[str, str]:
        """What a new customer is called."""
        return {name: self.cleaned_data[name] for name in ("first_name", "last_name", "company")}


class NothingToSay(forms.Form):
    """For a change that needs no number."""


class DaysForm(forms.Form):
    """By how much to extend."""

    days = forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=LONGEST_EXTENSION,
        initial=30,
        help_text=_("Counted from the expiry date or, if that has passed, from today."),
    )

    def interval(self) -> Interval:
        return Interval(days=self.cleaned_data["days"])


class LastDayForm(forms.Form):
    """Until when licences are to be valid."""

    day = forms.DateField(
        label=_("Valid until"),
        help_text=_("The whole day counts. Renewals are counted from this day on."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class SeatsForm(forms.Form):
    """How many machines may be active."""

    seats = forms.IntegerField(
        label=_("Seats"),
        min_value=UNLIMITED,
        max_value=MOST_SEATS,
        help_text=_("0 or −1 is unlimited. Machines above a lower number stay active."),
    )
