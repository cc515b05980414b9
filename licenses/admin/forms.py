"""The forms of the back office's pages about licences."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Count, QuerySet
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext_lazy as _

from accounts.metadata import MetadataField
from accounts.tagged import FIELD, TaggedForm, TagsField
from backoffice.choosing import search_in
from backoffice.lists import is_long
from licenses.admin.lengths import CountField, ValidityField
from licenses.errors import MaintenanceHasNoPolicy
from licenses.intervals import Interval, parse
from licenses.keys import validate_key
from licenses.models import (
    UNLIMITED,
    License,
    LicensePolicy,
    MaintenancePolicy,
    Product,
    ProductVersion,
)
from licenses.models.product_versions import SameProduct
from licenses.verbs.defaults import Choice
from licenses.versions import LONGEST as LONGEST_VERSION
from tenancy.addresses import normalise_email, several
from tenancy.texts import AddressField, LineField, validate_address

MOST_SEATS = 2**31 - 1
NO_SEATS = _("This is no number of seats: type 0 or more, or −1 for any number.")
MOST_USERS = 50  # beside the owner, that are named at once


class _WithNone(ModelChoiceIterator):  # type: ignore[type-arg]
    """The choices of a policy: the product's, none, and each there is."""

    field: "PolicyField"

    def __iter__(self) -> Iterator[Any]:
        rows = super().__iter__()
        yield next(rows)
        yield Choice.NONE.value, self.field.none
        yield from rows

    def __len__(self) -> int:
        return super().__len__() + 1


class PolicyField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A policy of either kind, none of them, or whatever the product says (verbs/defaults.py)."""

    iterator = _WithNone

    def __init__(self, *, none: Any, **options: Any) -> None:
        self.none = none
        super().__init__(
            queryset=None, required=False, empty_label=_("As the product says"), **options
        )

    def to_python(self, value: Any) -> Any:
        if value == Choice.NONE.value:
            return Choice.NONE
        return super().to_python(value) or Choice.AS_PRODUCT


class AddressesField(forms.CharField):
    """E-mail addresses, as many as there are; clean, a list of them in their one spelling."""

    widget = forms.Textarea

    def clean(self, value: Any) -> Any:
        found = several(super().clean(value))
        if len(found) > MOST_USERS:
            raise ValidationError(_("Name at most %(n)d people at once.") % {"n": MOST_USERS})
        for email in found:
            try:
                validate_address(email)
            except ValidationError as error:
                text = _("“%(text)s” is not an e-mail address.") % {"text": email[:100]}
                raise ValidationError(text) from error
        return found


class ProductVersionField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A product version, named with its product."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.product}: {obj}"


class NewLicenseForm(forms.Form):
    """A licence for somebody: who, of what, on which terms, and whether to write. What most
    licences do without is shown when it is asked for."""

    SELDOM = frozenset({
        "maintenance_ends", "max_allowed_release_version", "additional_users", "metadata", "key",
        "notes", "tag_names", "internal_notes",
    })  # fmt: skip

    email = AddressField(
        label=_("Customer's e-mail"),
        max_length=254,
        help_text=_("A customer who is known is found; a new one is added."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    first_name = LineField(label=_("First name"), max_length=100, required=False)
    last_name = LineField(label=_("Last name"), max_length=100, required=False)
    company = LineField(label=_("Company"), max_length=150, required=False)
    product: Any = forms.ModelChoiceField(label=_("Product"), queryset=None, empty_label=None)
    product_version: Any = ProductVersionField(
        label=_("Product version"),
        queryset=None,
        required=False,
        empty_label=_("None of these"),
        help_text=_("Which features of the product are on."),
    )
    policy: Any = PolicyField(label=_("Policy"), none=_("None: one seat, never expires"))
    allowed_activations = CountField(
        label=_("Seats"),
        required=False,
        validators=[MinValueValidator(UNLIMITED), MaxValueValidator(MOST_SEATS)],
        help_text=_("Empty: as the policy says. A number, or unlimited."),
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
    maintenance_policy: Any = PolicyField(
        label=_("Maintenance policy"),
        none=_("None: all versions"),
        help_text=_("Which new versions the licence brings."),
    )
    maintenance_ends = forms.DateField(
        label=_("Maintenance ends"),
        required=False,
        help_text=_("Empty: as long as the maintenance policy says. The whole day counts."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    max_allowed_release_version = forms.CharField(
        label=_("Highest version"),
        max_length=LONGEST_VERSION,
        required=False,
        help_text=_("4.2 allows every 4.2.x and nothing above; empty is no limit."),
    )
    additional_users: Any = AddressesField(
        label=_("Additional users"),
        required=False,
        help_text=_("E-mails of further customers who may use it, one a line; new ones are added."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    order_number = LineField(
        label=_("Order number"),
        max_length=100,
        required=False,
        help_text=_("The customer can read it."),
    )
    metadata: Any = MetadataField(label=_("Metadata"), required=False)
    key = forms.CharField(
        label=_("Key"),
        max_length=256,
        required=False,
        validators=[validate_key],
        help_text=_("Empty: a new one is made."),
    )
    notes = forms.CharField(
        label=_("Notes"),
        max_length=4000,
        required=False,
        help_text=_("The customer can read them."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    tag_names = TagsField()
    internal_notes = forms.CharField(
        label=_("Internal notes"),
        max_length=4000,
        required=False,
        help_text=_("For your staff alone."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    send = forms.BooleanField(
        label=_("Send the licence to the customer by e-mail"), required=False, initial=True
    )

    def __init__(self, *args: Any, may_tag: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_tag:
            del self.fields[FIELD]
        # Chosen within the scope of the request.
        rows: dict[str, QuerySet[Any]] = {
            "product": Product.objects.all(),
            "product_version": ProductVersion.objects.select_related("product"),
            "policy": LicensePolicy.objects.all(),
            "maintenance_policy": MaintenancePolicy.objects.all(),
        }
        for name, choices in rows.items():
            field: Any = self.fields[name]
            field.queryset = choices
            if is_long(choices):
                search_in(field, License._meta.get_field(name))
        if not rows["product_version"].exists():
            del self.fields["product_version"]  # most products have none
        if not self.is_bound:
            self._begin_with(rows["policy"], rows["maintenance_policy"])

    @property
    def often(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in self.SELDOM]

    @property
    def seldom(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name in self.SELDOM]

    def _begin_with(self, policies: QuerySet[Any], maintenance: QuerySet[Any]) -> None:
        """Where no product says it, somebody has to: the first policy, and the maintenance policy
        of who has one only and would else sell all versions without an end."""
        products = Product.objects.aggregate(
            policies=Count("default_policy"), maintenance=Count("default_maintenance_policy")
        )
        if not products["policies"]:
            self.initial.setdefault("policy", policies.values_list("pk", flat=True).first())
        if products["maintenance"]:
            return
        known = list(maintenance.values_list("pk", flat=True)[:2])
        if len(known) == 1:
            self.initial.setdefault("maintenance_policy", known[0])

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])

    def clean_max_allowed_release_version(self) -> str:
        """Told together with what is wrong in other fields; as it is kept."""
        field: Any = License._meta.get_field("max_allowed_release_version")
        version: str = field.clean(self.cleaned_data["max_allowed_release_version"], None)
        return version

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        version, product = given.get("product_version"), given.get("product")
        if version and product and version.product_id != product.pk:
            self.add_error("product_version", SameProduct.refusal)
        return given

    @property
    def interval(self) -> Interval | None:
        """How long it is to last; None for as the policy says."""
        typed = self.cleaned_data["validity"]
        return None if typed is None else parse(typed)

    @property
    def names(self) -> dict[str, str]:
        """What a new customer is called."""
        return {name: self.cleaned_data[name] for name in ("first_name", "last_name", "company")}


class LicenseForm(TaggedForm):
    """A licence that there is, with the day on which its maintenance ends."""

    maintenance_ends = forms.DateField(
        label=_("Maintenance ends"),
        required=False,
        help_text=_(
            "The whole day counts. Emptied, or with another policy alone, it is as long as the "
            "policy says from now on."
        ),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["maintenance_ends"] = self.instance.maintenance_expires_on
        version: Any = self.fields.get("product_version")
        if version is not None:
            version.queryset = ProductVersion.objects.filter(product=self.instance.product_id)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        is_new_day = "maintenance_ends" in self.changed_data and given.get("maintenance_ends")
        if is_new_day and not given.get("maintenance_policy"):
            self.add_error("maintenance_ends", MaintenanceHasNoPolicy().sentence)
        return given


class NothingToSay(forms.Form):
    """For a change that needs no number."""


class ExtensionForm(forms.Form):
    """By how much to extend, or until when: one of both."""

    length = ValidityField(
        label=_("Extend by"),
        required=False,
        help_text=_(
            "Such as 1 year, 18 months, 90 days: counted from the expiry date or, if that has "
            "passed, from today."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    day = forms.DateField(
        label=_("Or until"),
        required=False,
        help_text=_("The whole day counts. What ends then or later is left as it is."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_length(self) -> str | None:
        """What was typed has an end."""
        length: str | None = self.cleaned_data["length"]
        if length == "":
            raise ValidationError(_("An extension has an end: type a length such as 1 year."))
        return length

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors and (given["length"] is None) == (given["day"] is None):
            raise ValidationError(_("Type a length or choose a day, one of both."))
        return given

    @property
    def interval(self) -> Interval | None:
        """By how much; None where a day was chosen."""
        length = self.cleaned_data["length"]
        return parse(length) if length else None


class RenewedMaintenanceForm(forms.Form):
    """Until when maintenance is to last, or as long as the policy says once more."""

    day = forms.DateField(
        label=_("Maintenance ends"),
        required=False,
        help_text=_(
            "The whole day counts. Empty: as long as the maintenance policy says once more, "
            "counted from its end or, if that has passed, from today."
        ),
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class LastDayForm(forms.Form):
    """Until when licences are to be valid."""

    day = forms.DateField(
        label=_("Valid until"),
        help_text=_("The whole day counts. Renewals are counted from this day on."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class MaintenanceForm(forms.Form):
    """Which maintenance policy."""

    policy: Any = forms.ModelChoiceField(
        label=_("Maintenance policy"),
        queryset=None,
        required=False,
        empty_label=_("None: all versions"),
        help_text=_("Where it changes, maintenance begins anew."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, choices = self.fields["policy"], MaintenancePolicy.objects.all()
        field.queryset = choices  # type: ignore[attr-defined]
        if is_long(choices):
            search_in(field, License._meta.get_field("maintenance_policy"))


class HighestVersionForm(forms.Form):
    """Up to which version."""

    version = forms.CharField(
        label=_("Highest version"),
        max_length=LONGEST_VERSION,
        required=False,
        help_text=_("4.2 allows every 4.2.x and nothing above; empty is no limit."),
    )

    def clean_version(self) -> Any:
        field = License._meta.get_field("max_allowed_release_version")
        return field.clean(self.cleaned_data["version"], None)


class SeatsForm(forms.Form):
    """How many machines may be active."""

    seats = CountField(
        label=_("Seats"),
        min_value=UNLIMITED,
        error_messages={"invalid": NO_SEATS, "min_value": NO_SEATS},
        max_value=MOST_SEATS,
        help_text=_("0, −1 or unlimited is unlimited. Machines above a lower number stay active."),
    )
