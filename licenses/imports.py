"""A file of licences: what its rows mean."""

import re
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from import_export.fields import Field
from import_export.widgets import Widget

from accounts.metadata import MetadataField
from accounts.models import User
from audit import rows as audited
from audit import trail
from imports.kinds import FileKind, ToList
from imports.rows import PREVIEW, Line, Rows, Wanted, may_be_empty
from imports.steps import Act, Content, Step, packed, parts_of, unpacked
from imports.tables import TableRow
from imports.verbs.people import NAMES, NEW_PEOPLE, check_customer, customers
from licenses import values, words
from licenses.ends import End, end_of
from licenses.errors import LicenseIsUsed, MaintenanceHasNoPolicy, RequiredIsMissing
from licenses.intervals import DAY, of_seconds
from licenses.keys import new_key
from licenses.lengths import typed
from licenses.models import (
    License,
    LicenseMetadata,
    LicensePolicy,
    LicenseUser,
    LicenseWord,
    MaintenancePolicy,
    Product,
    ProductVersion,
)
from licenses.verbs import licenses
from licenses.verbs.defaults import Choice, maintenance_for, policy_for
from licenses.verbs.mailing import send_license
from licenses.verbs.policies import check_required
from licenses.versions import LONGEST as LONGEST_VERSION
from tenancy.addresses import normalise_email, several
from tenancy.models import Vendor
from tenancy.spelling import form_of

DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Days as they are written elsewhere: the day first where there are dots, or nobody knows which.
DOTTED = re.compile(r"([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{4})")
SLASHED = re.compile(r"([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})")
LAST_MONTH = 12
DECIMAL = re.compile(r"[0-9]+([.,][0-9]+)?")
THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
# What spreadsheets make of a long number: 1.23457E+15.
ROUNDED = re.compile(r"[0-9]([.,][0-9]+)?E\+[0-9]+", re.IGNORECASE)
YEARS = range(1970, 3000)
# What a row may change of the policy's terms, and what it adds to them.
GIVEN = (
    "allowed_activations",
    "allowed_deactivations",
    "max_allowed_release_version",
    "order_number",
    "notes",
    "internal_notes",
)
# Whatever these hold was chosen by its name, or is found again by the database.
CHOSEN = {"vendor", "product", "product_version", "user", "policy", "maintenance_policy"}


class WholeNumber(Widget):  # type: ignore[misc]
    """A whole number; None when the cell is empty."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        if not value.strip():
            return None
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", value.strip()):
            raise ValueError(_("This is not a whole number of at most 9 digits."))
        return int(value)


class Validity(Widget):  # type: ignore[misc]
    """A length of time in words, as an interval of ISO 8601; None when the cell is empty."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return str(typed(value)) if value.strip() else None


class Days(Widget):  # type: ignore[misc]
    """Days, maybe with decimals, as an interval of ISO 8601; None when the cell is empty."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = value.strip()
        if not text:
            return None
        if THOUSANDS.fullmatch(text):
            raise ValueError(_("A thousand, or a fraction? Write the number without a point."))
        days = Decimal(text.replace(",", ".")) if DECIMAL.fullmatch(text) else None
        if days is None or days > 100 * 366:
            raise ValueError(_("This is not a number of days from 0 to 36,600."))
        return str(of_seconds(round(days * DAY)))


class DayOrMoment(Widget):  # type: ignore[misc]
    """A day, or a moment with its zone; None when the cell is empty."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = value.strip()
        if not text:
            return None
        try:
            read = date if DATE.fullmatch(text) else datetime
            given = _of_elsewhere(text) or read.fromisoformat(text)
        except AmbiguousDayError:
            raise
        except ValueError as error:
            raise ValueError(
                _("This is not a date such as 2027-12-31 or a moment such as 2027-12-31T18:00Z.")
            ) from error
        if isinstance(given, datetime) and given.tzinfo is None:
            raise ValueError(_("This moment has no time zone. Write 2027-12-31T18:00Z for UTC."))
        if given.year not in YEARS:
            raise ValueError(_("This is not in the years from 1970 to 2999."))
        return given


class AmbiguousDayError(ValueError):
    """A day of which nobody knows what is its month; the text is a sentence."""


def _of_elsewhere(text: str) -> date | None:
    """A day as others write it, such as 31.12.2027 or 12/31/2027; None for what is none. Raises
    ValueError for a day that there isn't, AmbiguousDayError for 03/04/2027."""
    if dotted := DOTTED.fullmatch(text):
        day, month, year = map(int, dotted.groups())
        return date(year, month, day)
    if not (slashed := SLASHED.fullmatch(text)):
        return None
    first, second, year = map(int, slashed.groups())
    if first > LAST_MONTH or first == second:
        return date(year, second, first)
    if second > LAST_MONTH:
        return date(year, first, second)
    raise AmbiguousDayError(
        _("Is this %(one)s or %(other)s? Write it so.")
        % {"one": date(year, second, first), "other": date(year, first, second)}
    )


class Notes(Widget):  # type: ignore[misc]
    """A text of as many lines as it likes; None when the cell is empty."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        longest = License._meta.get_field("notes").max_length
        if longest and len(value) > longest:
            raise ValueError(_("This is longer than %(n)d characters.") % {"n": longest})
        return value or None


class Values(Widget):  # type: ignore[misc]
    """Names and values (licenses/values.py); nothing when the cell is empty."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            return values.read(value)
        except values.NoValueError as error:
            text = _("Line %(line)d is no name=value, such as Cost centre=4711.")
            raise ValueError(text % {"line": error.number}) from error


class Text(Line):
    """A text of one line that nothing stands around."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return super().clean(value.strip(), row, **kwargs)


@dataclass(slots=True)
class WantedLicense(Wanted):
    """What a row asks for; where something is None, the policy decides."""

    product: Product | None = None
    product_version: ProductVersion | None = None
    policy: LicensePolicy | None = None
    maintenance_policy: MaintenancePolicy | None = None
    key: str = ""
    max_allowed_release_version: str | None = None
    order_number: str | None = None
    internal_notes: str | None = None
    metadata: list[tuple[str, str]] = field(default_factory=list)
    visible_metadata: list[tuple[str, str]] = field(default_factory=list)
    additional_users: list[User] = field(default_factory=list)
    described: list[dict[str, Any]] = field(default_factory=list)  # both, once they are checked
    allowed_activations: int | None = None
    allowed_deactivations: int | None = None
    validity: str | None = None
    validity_in_days: str | None = None
    expires: date | datetime | None = None
    maintenance_ends: date | datetime | None = None
    notes: str | None = None
    license: License | None = None

    def drafted(self, vendor: Vendor) -> License:
        """The licence, filled in and not saved; one without a key gets it later."""
        days = self.validity_in_days
        end, maintenance = _end(self.expires, vendor), _end(self.maintenance_ends, vendor)
        terms = {name: getattr(self, name) for name in GIVEN}
        terms["subscription_interval"] = days if self.validity is None else self.validity
        terms |= {"expires_at": end and end.at, "expires_on": end and end.on}
        terms["maintenance_expires_at"] = maintenance and maintenance.at
        terms["maintenance_expires_on"] = maintenance and maintenance.on
        given = {name: value for name, value in terms.items() if value is not None}
        return licenses.drafted(
            self.policy,
            vendor=vendor,
            product=self.product,
            product_version=self.product_version,
            user=self.user,
            key=self.key,
            maintenance_policy=self.maintenance_policy,
            **given,
        )

    def details(self, license: License) -> "list[LicenseMetadata | LicenseUser]":
        """What hangs on the licence, not saved."""
        vendor = license.vendor
        return [
            *(LicenseMetadata(vendor=vendor, license=license, **each) for each in self.described),
            *(
                LicenseUser(vendor=vendor, license=license, user=person)
                for person in self.additional_users
            ),
        ]


def _end(given: date | datetime | None, vendor: Vendor) -> End | None:
    """The end that a cell names: of a day the whole of it counts, by the clocks of the vendor's
    time zone."""
    if given is None or isinstance(given, datetime):
        return End(given.astimezone(UTC)) if given else None
    return end_of(given, vendor.zone)


def _add(content: Content) -> None:
    """Adds licences; each comes with the row of the file that it stands in."""
    created = unpacked([made for _number, made in content])
    owners = customers({license.user_id for license in created})
    for (number, _made), license in zip(content, created, strict=True):
        owner = owners.get(license.user_id)
        check_customer(owner, number)
        license.user = owner
    prefetch_related_objects(created, "product", "product_version", "policy", "maintenance_policy")
    License.objects.bulk_create(created)
    LicenseWord.objects.begin(created)
    trail.record_all(
        trail.Draft(action="created", row=license, changes=trail.values_of(license))
        for license in created
    )


def _take_back(content: Content) -> int:
    kept = 0
    for license in License.objects.filter(pk__in=[made["pk"] for _number, made in content]):
        try:
            licenses.take_back(license)
        except LicenseIsUsed:
            kept += 1
    return kept


def _add_details(content: Content) -> None:
    """Adds metadata and additional users; each comes with the row of the file that it stands in."""
    created = unpacked([made for _number, made in content])
    sharing = [each for each in created if isinstance(each, LicenseUser)]
    people = customers({each.user_id for each in sharing})
    for (number, _made), row in zip(content, created, strict=True):
        if isinstance(row, LicenseUser):
            person = people.get(row.user_id)
            check_customer(person, number)
    prefetch_related_objects(created, "license")
    LicenseUser.objects.bulk_create(sharing)
    LicenseMetadata.objects.bulk_create(
        [each for each in created if isinstance(each, LicenseMetadata)]
    )
    LicenseWord.objects.keep({row.license_id for row in created})
    trail.record_all(
        trail.Draft(action="created", row=row, changes=trail.values_of(row)) for row in created
    )


def _take_details_back(content: Content) -> int:
    """Deletes what was added to licences that nobody has used."""
    ids = [made["pk"] for _number, made in content]
    unused: set[UUID] = set()
    for model in (LicenseMetadata, LicenseUser):
        hanging: Any = model.objects.filter(pk__in=ids, license__first_activated_at=None)
        for row in hanging.select_related("license"):
            audited.delete(row)
            unused.add(row.license_id)
    LicenseWord.objects.keep(unused)
    return 0


class LicenseRows(Rows):
    """A file of licences, each for a customer who is known or comes with it."""

    allowed_activations = may_be_empty("allowed_activations", WholeNumber())
    allowed_deactivations = may_be_empty("allowed_deactivations", WholeNumber())
    validity = may_be_empty("validity", Validity())
    validity_days = Field("validity_in_days", "validity_days", Days(), saves_null_values=False)
    expires_at = Field("expires", "expires_at", DayOrMoment(), saves_null_values=False)
    maintenance_ends = may_be_empty("maintenance_ends", DayOrMoment())
    max_allowed_release_version = may_be_empty("max_allowed_release_version", Text(LONGEST_VERSION))
    order_number = may_be_empty("order_number", Text(100))
    metadata = may_be_empty("metadata", Values())
    visible_metadata = may_be_empty("visible_metadata", Values())
    notes = may_be_empty("notes", Notes())
    internal_notes = may_be_empty("internal_notes", Notes())

    required = ("product", "email")
    optional = (
        "product_version",
        *NAMES,
        "policy",
        "key",
        "allowed_activations",
        "allowed_deactivations",
        "validity",
        "validity_days",
        "expires_at",
        "maintenance_policy",
        "maintenance_ends",
        "max_allowed_release_version",
        "additional_users",
        "order_number",
        "metadata",
        "visible_metadata",
        "notes",
        "internal_notes",
    )
    read_only = (
        "status",
        "type",
        "seats_used",
        "deactivations_used",
        "first_activated",
        "created",
    )
    example = (
        ("product", "product_version", "email", "first_name", "last_name", "company", "policy",
         "key", "allowed_activations", "allowed_deactivations", "validity", "validity_days",
         "expires_at", "maintenance_policy", "maintenance_ends", "max_allowed_release_version",
         "additional_users",
         "order_number", "metadata", "visible_metadata", "notes", "internal_notes"),
        ("Orbit", "", "ada@example.com", "Ada", "Lovelace", "Analytical Engines", "Yearly", "",
         "3", "", "1 year", "", "", "", "", "", "grace@example.com; mary@example.com",
         "PO-2026-118", "Reseller margin=30 %", "Cost centre=4711", "Ordered by phone",
         "Pays late"),
        ("Orbit", "", "grace@example.com", "", "", "", "", "GRACE1-COMPILER-WORKS-0001",
         "1", "-1", "", "", "2027-12-31", "none", "", "4.2", "", "", "", "", "", ""),
    )  # fmt: skip
    called = {
        **Rows.called,
        "product": ("product name", "software", "article", "item", "produkt", "produktname",
                    "artikel", "produit", "logiciel"),
        "policy": ("licence policy", "license policy", "plan", "edition", "lizenzrichtlinie",
                   "richtlinie", "tarif", "édition"),
        "key": ("licence key", "license key", "serial", "serial number", "activation key",
                "lizenzschlüssel", "schlüssel", "seriennummer", "clé", "clé de licence",
                "numéro de série"),
        "allowed_activations": ("activations", "seats", "machines", "quantity",
                                "number of seats", "aktivierungen", "plätze", "arbeitsplätze",
                                "anzahl", "postes", "nombre de postes", "quantité"),
        "allowed_deactivations": ("deactivations", "deaktivierungen", "désactivations"),
        "validity": ("term", "duration", "laufzeit", "dauer", "gültigkeit", "durée", "validité"),
        "validity_days": ("days", "validity in days", "tage", "laufzeit in tagen",
                          "gültigkeit in tagen", "jours", "durée en jours"),
        "expires_at": ("expires", "expires on", "expiry", "expiry date", "expiration",
                       "expiration date", "valid until", "end date", "ablaufdatum", "läuft ab am",
                       "gültig bis", "date d’expiration", "expire le", "valable jusqu’au"),
        "maintenance_policy": ("maintenance", "maintenance plan", "updates", "support plan",
                               "wartungsrichtlinie", "wartung", "pflege", "wartungsvertrag",
                               "contrat de maintenance", "mises à jour"),
        "maintenance_ends": ("maintenance end", "maintenance until", "updates until",
                             "maintenance end date", "wartung bis", "wartungsende",
                             "fin de maintenance"),
        "max_allowed_release_version": ("highest version", "maximum version", "max version",
                                        "höchste version", "version maximale"),
        "additional_users": ("users", "additional emails", "further users", "weitere benutzer",
                             "benutzer", "autres utilisateurs", "utilisateurs"),
        "order_number": ("order", "order no", "purchase order", "po", "po number",
                         "bestellnummer", "auftragsnummer", "bestellung", "numéro de commande",
                         "commande", "bon de commande"),
        "visible_metadata": ("metadata for customers",),
        "internal_notes": ("internal note", "staff notes", "interne notiz", "interne notizen",
                           "note interne", "notes internes"),
        "notes": ("note", "comment", "comments", "remarks", "bemerkung", "bemerkungen", "notiz",
                  "notizen", "anmerkung", "anmerkungen", "remarque", "commentaire"),
    }  # fmt: skip
    explained = {
        "product": gettext_lazy("The product's name."),
        "product_version": gettext_lazy(
            "The name of a version of the product, whose features are on; empty is none."
        ),
        "email": gettext_lazy("The customer's address; an unknown one adds a customer."),
        "first_name": gettext_lazy("For a new customer."),
        "last_name": gettext_lazy("For a new customer."),
        "company": gettext_lazy("For a new customer."),
        "policy": gettext_lazy(
            "The name of the licence policy whose terms count, or none; empty is the product's."
        ),
        "key": gettext_lazy("16 to 256 visible characters; empty makes a new key."),
        "allowed_activations": gettext_lazy("Seats; 0 is unlimited, empty is the policy's."),
        "allowed_deactivations": gettext_lazy("−1 is unlimited, empty is the policy's."),
        "validity": gettext_lazy(
            "1 year, 18 months, 90 days, 8 hours or perpetual; empty is the policy's."
        ),
        "validity_days": gettext_lazy("The same in days, instead: 365; 0 never expires."),
        "expires_at": gettext_lazy("2027-12-31 is the end of that day in your time zone."),
        "maintenance_policy": gettext_lazy(
            "The name of the maintenance policy, or none for all versions; empty is the product's."
        ),
        "maintenance_ends": gettext_lazy(
            "Its last day, as in expires_at; empty is as long as the maintenance policy says."
        ),
        "max_allowed_release_version": gettext_lazy(
            "4.2 allows every 4.2.x and nothing above; empty is no limit."
        ),
        "additional_users": gettext_lazy(
            "E-mails of further customers who may use it, with semicolons between."
        ),
        "order_number": gettext_lazy("The customer can read it."),
        "metadata": gettext_lazy("A line name=value for each value, for your staff alone."),
        "visible_metadata": gettext_lazy("The same for what the customer can read, too."),
        "notes": gettext_lazy("The customer can read them."),
        "internal_notes": gettext_lazy("For your staff alone."),
    }
    shown = {
        "product": gettext_lazy("Product"),
        "email": gettext_lazy("E-mail"),
        "customer": gettext_lazy("Customer"),
        "key": gettext_lazy("Key"),
        "seats": gettext_lazy("Seats"),
        "expires": gettext_lazy("Expires"),
        "maintenance": gettext_lazy("Maintenance"),
        "more": gettext_lazy("More"),
        "notes": gettext_lazy("Notes"),
    }
    wanted = WantedLicense
    acts = {
        "new-people": replace(NEW_PEOPLE, counts=False),
        "licenses": Act(_add, _take_back, counts=True),
        "details": Act(_add_details, _take_details_back),
    }

    def __init__(self, vendor: Vendor, *, keep: bool) -> None:
        super().__init__(vendor, keep=keep)
        products = Product.objects.select_related("default_policy", "default_maintenance_policy")
        self.products = {each.name: each for each in products}
        versions = ProductVersion.objects.all()
        self.versions = {(each.product_id, each.name): each for each in versions}
        self.policies = {each.name: each for each in LicensePolicy.objects.all()}
        self.maintenance = {each.name: each for each in MaintenancePolicy.objects.all()}
        self.taken: set[str] = set()
        self.licenses: list[tuple[int, License, LicensePolicy | None]] = []
        self.details: list[tuple[int, LicenseMetadata | LicenseUser]] = []
        self.number_of_licenses = 0

    # --- Reading --------------------------------------------------------------------------------

    def look_up(self, rows: Sequence[TableRow]) -> None:
        super().look_up(rows)
        forms = {form_of(row.cells.get("key", "")) for row in rows}
        taken = License.objects.filter(key_form__in=forms)
        self.taken = set(taken.values_list("key_form", flat=True))

    def finders(self) -> dict[str, Callable[[dict[str, str]], Any]]:
        return {
            **super().finders(),
            "product": self._product,
            "product_version": self._version,
            "policy": self._policy,
            "maintenance_policy": self._maintenance,
            "additional_users": self._sharing,
            "key": self._key,
        }

    def emails_in(self, row: dict[str, str]) -> list[str]:
        return [*super().emails_in(row), *several(row.get("additional_users", ""))]

    def _product(self, row: dict[str, str]) -> Product:
        name = row["product"].strip()
        if not name:
            raise ValueError(_("This can't be empty."))
        if name not in self.products:
            raise ValueError(_("There is no product “%(name)s”.") % {"name": name[:100]})
        return self.products[name]

    def _version(self, row: dict[str, str]) -> ProductVersion | None:
        name = row.get("product_version", "").strip()
        product = self.products.get(row["product"].strip())
        if not name or product is None:
            return None
        if (product.pk, name) not in self.versions:
            text = _("%(product)s has no product version “%(name)s”.")
            raise ValueError(text % {"product": product, "name": name[:100]})
        return self.versions[product.pk, name]

    def _policy(self, row: dict[str, str]) -> LicensePolicy | None:
        text = _("There is no licence policy “%(name)s”.")
        chosen = self._chosen(self.policies, row.get("policy", ""), text)
        product = self.products.get(row["product"].strip())
        return policy_for(product, chosen) if product else None

    def _maintenance(self, row: dict[str, str]) -> MaintenancePolicy | None:
        text = _("There is no maintenance policy “%(name)s”.")
        chosen = self._chosen(self.maintenance, row.get("maintenance_policy", ""), text)
        product = self.products.get(row["product"].strip())
        return maintenance_for(product, chosen) if product else None

    @staticmethod
    def _chosen(policies: dict[str, Any], cell: str, unknown: str) -> Any:
        """The policy of the name, or what is said instead. Raises ValueError."""
        name = cell.strip()
        if name in policies:
            return policies[name]
        try:
            return Choice(name.lower())
        except ValueError:
            raise ValueError(unknown % {"name": name[:100]}) from None

    def _sharing(self, row: dict[str, str]) -> list[User]:
        """The further customers. Raises ValueError with a sentence for the first who is none."""
        owner = normalise_email(row["email"])
        found = []
        for email in several(row.get("additional_users", "")):
            try:
                found += [] if email == owner else [self.people.of(email, {}, self.number)]
            except ValueError as error:
                raise ValueError(f"{email[:100]}: {error}") from error
        return found

    def _key(self, row: dict[str, str]) -> str:
        key = row.get("key", "").strip()
        if ROUNDED.fullmatch(key):
            raise ValueError(
                _(
                    "A spreadsheet has made a rounded number of this key. Make the cell a text and "
                    "type the key again."
                )
            )
        if key and form_of(key) in self.taken:
            raise ValueError(_("There is a licence with this key already."))
        if key:
            self.once(form_of(key), _("Row %(row)d has this key already."))
        return key

    def validate_instance(self, instance: WantedLicense, errors: Any = None, **kwargs: Any) -> None:
        """Raises ValidationError with everything that is wrong with the row."""
        found = dict(errors or {})
        if instance.validity is not None and instance.validity_in_days is not None:
            found["validity_in_days"] = ValidationError(_("Fill in validity or this, not both."))
        if instance.maintenance_ends and instance.maintenance_policy is None:
            found.setdefault("maintenance_ends", ValidationError(MaintenanceHasNoPolicy().sentence))
        try:
            instance.described = _checked(instance)
        except ValidationError as error:
            found.setdefault("metadata", error)
        else:
            found = _lacking(instance) | found
        instance.license = instance.drafted(self.vendor)
        without_key = set() if instance.key else {"key"}
        try:
            instance.license.clean_fields(exclude=CHOSEN | without_key | set(found))
        except ValidationError as error:
            found = error.update_error_dict(found)
        if found:
            raise ValidationError(found)

    def save_instance(
        self, instance: WantedLicense, is_create: bool, row: dict[str, str], **kwargs: Any
    ) -> None:
        """Counts the licence, and keeps it where it will be written."""
        license = instance.license
        if license is None:
            return
        self.number_of_licenses += 1
        if self.keep:
            self.licenses.append((self.number, license, instance.policy))
            self.details += [(self.number, each) for each in instance.details(license)]
        if len(self.preview) < PREVIEW:
            self.preview.append(self._shown(license, instance))

    def _shown(self, license: License, wanted: WantedLicense) -> dict[str, str]:
        """The licence as the preview has it."""
        ending = copy(license)  # which begins to count again when it is written
        licenses.set_ends(ending)
        with timezone.override(self.vendor.zone):
            expires = words.expiry_text(ending)
        email = license.user.email if license.user else ""
        is_new = email in self.people.new
        return {
            "product": str(license.product),
            "email": email,
            "customer": _("new customer") if is_new else _("known customer"),
            "key": license.key or _("made when it is imported"),
            "seats": words.seats_allowed(license),
            "expires": expires,
            "maintenance": str(license.maintenance_policy or _("all versions")),
            "more": Truncator(_more(license, wanted)).chars(80),
            "notes": Truncator(license.notes).chars(80),
        }

    def counts(self) -> dict[str, int]:
        return {"licenses": self.number_of_licenses, **super().counts()}

    # --- What is to be written ------------------------------------------------------------------

    def steps(self) -> Iterator[Step]:
        yield from super().steps()
        for part in parts_of(self.licenses):
            for _number, license, policy in part:
                license.key = license.key or new_key(policy.key_pattern if policy else "")
                licenses.set_ends(license)
            rows = packed([license for _number, license, _policy in part])
            numbers = [number for number, _license, _policy in part]
            yield "licenses", [list(pair) for pair in zip(numbers, rows, strict=True)]
        for details in parts_of(self.details):
            rows = packed([each for _number, each in details])
            numbers = [number for number, _each in details]
            yield "details", [list(pair) for pair in zip(numbers, rows, strict=True)]

    def made(self) -> list[UUID]:
        return [license.pk for _number, license, _policy in self.licenses]

    @classmethod
    def made_rows(cls, ids: Sequence[str]) -> Sequence[License]:
        return list(License.objects.select_related("user").filter(pk__in=ids))


def _lacking(wanted: WantedLicense) -> dict[str, Any]:
    """What the row has to say since its policy asks for it."""
    try:
        check_required(wanted.policy, metadata=[each["key"] for each in wanted.described])
    except RequiredIsMissing as error:
        return {"metadata": ValidationError(error.sentence)}
    return {}


def _checked(wanted: WantedLicense) -> list[dict[str, Any]]:
    """The metadata of both columns. Raises ValidationError."""
    return MetadataField(required=False).clean(
        [
            {"key": key, "value": value, "visible": visible}
            for visible, given in ((False, wanted.metadata), (True, wanted.visible_metadata))
            for key, value in given
        ]
    )


def _more(license: License, wanted: WantedLicense) -> str:
    """What else the licence goes out with."""
    users = [person.email for person in wanted.additional_users]
    entries = [f"{each['key']}: {each['value']}" for each in wanted.described]
    highest = license.max_allowed_release_version
    versions = [_("up to %(version)s") % {"version": highest}] if highest else []
    edition = [str(wanted.product_version)] if wanted.product_version else []
    return "; ".join([*edition, *filter(None, [license.order_number]), *versions, *entries, *users])


def _button(n: int) -> str:
    return ngettext("Import %(n)s licence", "Import %(n)s licences", n) % {"n": f"{n:,}"}


def _send(license: License) -> None:
    """Who is switched off gets no e-mail."""
    if license.user and license.user.is_active:
        send_license(license)


LICENSES = FileKind(
    name="licenses",
    label=gettext_lazy("Licences"),
    rows=LicenseRows,
    button=_button,
    to_list=ToList(
        text=gettext_lazy("To the licences"),
        route="admin:licenses_license_changelist",
        right="licenses.view_license",
    ),
    after_create=_send,
    offer=gettext_lazy("Send each customer the licence by e-mail"),
)
