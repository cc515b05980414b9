"""The demo data: two vendors with brands, people, licences in every status, and releases.

Ids and licence keys are the same each time; whatever exists already is left as it is. Signing
keys are made anew for each installation, because a private key that is public signs nothing.

Everything happened on some day of the last two years, and is made in that order, by a clock that
shows that day: so a customer is there before his licence, a licence before its machines, and the
audit trail is in order of time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import OKPKey

from accounts.models import BuiltIn, User, among_operators
from accounts.verbs.vendors import begin_vendor
from audit.acting import acting_as
from backoffice.models import SavedView
from backoffice.saved.verbs import save
from demo.brands import seed_brand
from demo.clock import days_ago
from demo.downloads import downloads
from demo.emails import emails
from demo.ids import demo_id, demo_key
from demo.people import person_of
from demo.refusals import refusals
from demo.releases import VERSIONS, seed_release
from demo.sessions import signed_in
from demo.trials import trials
from demo.webhooks import webhooks
from licenses.models import (
    Activation,
    FeatureFlag,
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
from licenses.verbs.activations import Machine, activate, deactivate
from licenses.verbs.product_versions import (
    create_feature_flag,
    create_product_version,
    set_features,
)
from licenses.verbs.products import create_product
from licenses.verbs.releasing import ask
from offline.verbs.answering import answer
from tenancy.door import inside
from tenancy.hosts import origin
from tenancy.models import Vendor
from tenancy.table import vendor_by_company_id


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    first_name: str
    last_name: str
    role: str = BuiltIn.USER
    company: str = ""
    internal_notes: str = ""

    def password(self, company_id: str) -> str:
        return f"demo-{company_id}-{self.email.partition('@')[0]}"


@dataclass(frozen=True, slots=True)
class Sample:
    """A licence of the demo; `age` is how many days ago it was created, and `then` was done to it
    at last."""

    name: str
    product: str
    owner: str
    terms: dict[str, Any] = field(default_factory=dict)
    age: int = 0
    machines: tuple[str, ...] = ()
    shared_with: tuple[str, ...] = ()
    then: Callable[..., Any] | None = None
    metadata: tuple[tuple[str, str, bool], ...] = ()
    maintenance: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    vendor: dict[str, Any]
    people: tuple[Person, ...]
    products: tuple[dict[str, Any], ...]
    samples: tuple[Sample, ...]


ACME = Company(
    vendor={
        "company_id": "acme",
        "name": "Acme Instruments",
        "support_email": "support@acme.example",
        "support_url": "https://acme.example/support",
        "website": "https://acme.example",
        "time_zone": "Europe/Berlin",
        "settled_steps": ["domain", "test-email"],
        "sign_in_by_link": True,
        "keys_by_email": True,
    },
    people=(
        Person("ada@example.com", "Ada", "Lovelace", company="Analytical Engines"),
        Person(
            "grace@example.com", "Grace", "Hopper", company="Compiler Works",
            internal_notes="Wants to be called, not written to.",
        ),
        Person("admin@acme.example", "Alan", "Turing", BuiltIn.ADMIN),
        Person("support@acme.example", "Joan", "Clarke", BuiltIn.SUPPORT),
    ),
    products=(
        {
            "name": "Orbit",
            "description": "Plans and simulates trajectories.",
            "metadata": [
                {"key": "Article number", "value": "AC-100", "visible": True},
                {"key": "Cost price", "value": "380 EUR", "visible": False},
            ],
            "internal_notes": "The reseller in Lyon gets 30 % off.",
            "default_policy": "Yearly, 3 seats",
            "default_maintenance_policy": "One year",
            "versions": {
                "basic": ("Basic", {"export": "", "simulate": None}),
                "professional": ("Professional", {"export": "", "simulate": "4 bodies"}),
            },
        },
        {"name": "Spectra", "description": "Measures and compares spectra."},
        {
            "name": "Vault",
            "description": "Keeps measurements safe.",
            "customers_may_deactivate": False,
        },
    ),
    samples=(
        Sample(
            "lab", "Orbit", "ada@example.com",
            {
                "allowed_activations": 5, "allowed_deactivations": 3,
                "subscription_interval": "P1Y",
                "notes": "For the machines in the clean room.",
                "internal_notes": "Paid late twice: ask for the order before extending.",
            },
            age=120, machines=("ada-laptop",), version="professional",
            metadata=(("Purchase order", "PO-2026-118", True), ("Reseller margin", "30 %", False)),
        ),
        Sample(
            "full", "Orbit", "ada@example.com",
            {
                "allowed_activations": 2, "subscription_interval": "P2Y",
                "name": "Measuring stations",
            },
            age=40,
            machines=("measuring-01", "measuring-02"),
        ),
        Sample(
            "soon", "Spectra", "ada@example.com",
            {
                "allowed_activations": 3, "subscription_interval": "P1Y",
                "order_number": "PO-2025-077",
                "renewal_url": "https://acme.example/renew",
            },
            age=342,
            machines=("spectra-desk",),
        ),
        Sample(
            "expired", "Spectra", "ada@example.com", {"subscription_interval": "P1Y"}, age=400,
        ),
        Sample(
            "suspended", "Orbit", "ada@example.com", {"allowed_activations": 10}, age=90,
            machines=("render-farm-01",), then=licenses.suspend,
        ),
        Sample("revoked", "Spectra", "ada@example.com", age=200, then=licenses.revoke),
        Sample(
            "waiting", "Spectra", "ada@example.com",
            {"subscription_interval": "P1Y", "expiration_strategy": "delayed"}, age=3,
        ),
        Sample(
            "floating", "Orbit", "ada@example.com",
            {"type": "hosted-floating", "allowed_activations": 20, "lease_duration": 8 * 3600},
            age=15,
        ),
        Sample(
            "unlimited", "Vault", "ada@example.com", {"allowed_activations": 0}, age=30,
            machines=("vault-primary",), maintenance="Without new major versions",
        ),
        Sample(
            "physical", "Orbit", "ada@example.com",
            {"allow_vm_activation": False, "allow_container_activation": False}, age=10,
        ),
        Sample(
            "team", "Orbit", "grace@example.com",
            {"allowed_activations": 4, "subscription_interval": "P1Y"},
            age=60, machines=("grace-workstation",), shared_with=("ada@example.com",),
            maintenance="One year",
        ),
        Sample(
            "private", "Vault", "grace@example.com", {"allowed_activations": 2}, age=20,
            machines=("grace-safe",),
        ),
    ),
)  # fmt: skip

GLOBEX = Company(
    vendor={
        "company_id": "globex",
        "name": "Globex Software",
        "support_email": "help@globex.example",
        "support_url": "",
        "website": "https://globex.example",
        "time_zone": "America/New_York",
    },
    people=(
        Person("ada@example.com", "Ada", "Byron", company="Byron & Daughters"),
        Person("bob@example.com", "Bob", "Frankston", company="Visible Sums"),
        Person("admin@globex.example", "Dan", "Bricklin", BuiltIn.ADMIN),
    ),
    products=(
        {"name": "Quill", "description": "Writes reports."},
        {"name": "Ledger", "description": "Adds up."},
    ),
    samples=(
        Sample(
            "poet",
            "Quill",
            "ada@example.com",
            {"allowed_activations": 2, "subscription_interval": "P1Y"},
            age=30,
            machines=("byron-desk",),
        ),
        Sample(
            "sums",
            "Ledger",
            "bob@example.com",
            {"allowed_activations": 3, "subscription_interval": "P1Y"},
            age=50,
            machines=("bob-pc",),
        ),
        Sample("old", "Quill", "bob@example.com", {"subscription_interval": "P1Y"}, age=500),
    ),
)

OPERATOR = Person("root@example.com", "Root", "Operator", BuiltIn.OPERATOR)
COMPANIES = (ACME, GLOBEX)


# How many days ago vendors, staff and products began; before every licence and release.
BEGINNING = 720.0

# What happened, and how many days ago.
Step = tuple[float, Callable[[], object]]


@transaction.atomic
def seed() -> None:
    """Creates what of the demo data is missing."""
    with among_operators(), days_ago(BEGINNING):
        _seed_operator()
    for company in COMPANIES:
        company_id = company.vendor["company_id"]
        vendor = vendor_by_company_id(company_id)
        if vendor is None:
            with days_ago(BEGINNING):
                vendor = begin_vendor(Vendor(id=demo_id(company_id), **company.vendor))
        with inside(vendor):
            # What happened on one day stays in this order.
            for age, step in sorted(_steps(company, vendor), key=lambda step: -step[0]):
                with days_ago(age):
                    step()


def _steps(company: Company, vendor: Vendor) -> Iterator[Step]:
    """All that happened at the vendor, as far as it is not there yet."""
    yield BEGINNING, partial(seed_brand, vendor)
    for person in company.people:
        yield _age(person, company), partial(_seed_person, person, vendor)
    yield BEGINNING, partial(_policies, vendor)
    for fields in company.products:
        yield BEGINNING, partial(_seed_product, fields, vendor)
    for version in VERSIONS[vendor.company_id]:
        release = (vendor.company_id, "release", version.product, version.version)
        release_id = demo_id(*release, *version.platforms)
        yield version.age or 0, partial(seed_release, version, release_id, vendor)
    for sample in company.samples:
        license_id = demo_id(vendor.company_id, "license", sample.name)
        if not License.objects.filter(pk=license_id).exists():
            yield from _life(sample, vendor)
    yield from downloads(vendor)
    yield from emails(vendor)
    yield from refusals(vendor)
    yield from signed_in(vendor)
    yield from trials(vendor)
    yield from webhooks(vendor)
    yield 1, partial(_saved_view, vendor)


def _saved_view(vendor: Vendor) -> None:
    """A view of the list of licences that the team shares."""
    admin = User.objects.filter(role=BuiltIn.ADMIN).order_by("email")[0]
    found: dict[str, Any] = {
        "owner": admin,
        "listed": License._meta.label_lower,
        "name": "Needs a renewal",
    }
    if not SavedView.objects.filter(**found).exists():
        with acting_as(admin):
            save(vendor=vendor, **found, query="status=expiring-soon", shared=True)


def _age(person: Person, company: Company) -> float:
    """Staff are there from the beginning, customers the day before their first licence."""
    if person.role not in {BuiltIn.USER, BuiltIn.ORGANIZATION_ADMIN}:
        return BEGINNING
    theirs = [each for each in company.samples if person.email in (each.owner, *each.shared_with)]
    return 1 + max(sample.age for sample in theirs)


def _seed_operator() -> None:
    if User.operators.filter(pk=demo_id("operator")).exists():
        return
    User.people.create_user(
        id=demo_id("operator"),
        email=OPERATOR.email,
        password="demo-root",  # noqa: S106
        first_name=OPERATOR.first_name,
        last_name=OPERATOR.last_name,
        role=BuiltIn.OPERATOR,
    )


def _seed_person(person: Person, vendor: Vendor) -> None:
    pk = demo_id(vendor.company_id, "user", person.email)
    if User.objects.filter(pk=pk).exists():
        return
    User.objects.create_user(
        id=pk,
        vendor=vendor,
        email=person.email,
        password=person.password(vendor.company_id),
        first_name=person.first_name,
        last_name=person.last_name,
        role=person.role,
        company=person.company,
        internal_notes=person.internal_notes,
    )


def _seed_product(fields: dict[str, Any], vendor: Vendor) -> None:
    pk = demo_id(vendor.company_id, "product", fields["name"])
    if Product.objects.filter(pk=pk).exists():
        return
    # Its default policies, which the company names.
    named: dict[str, Any] = {
        "default_policy": "policy",
        "default_maintenance_policy": "maintenance",
    }
    own = {
        f"{field}_id": demo_id(vendor.company_id, kind, fields[field])
        for field, kind in named.items()
        if field in fields
    }
    told = {name: value for name, value in fields.items() if name not in {*named, "versions"}}
    product = create_product(Product(id=pk, vendor=vendor, **told, **own))
    _seed_versions(product, fields.get("versions", {}))


def _seed_versions(product: Product, versions: dict[str, Any]) -> None:
    """Its product versions: the name that customers read, and by each feature its data, or None
    where it is off."""
    own = {"vendor": product.vendor, "product": product}
    names = {name for _shown, features in versions.values() for name in features}
    for name in sorted(names):
        create_feature_flag(FeatureFlag(name=name, **own))
    for name, (shown, features) in versions.items():
        pk = demo_id(product.vendor.company_id, "version", name)
        version = ProductVersion(id=pk, name=name, display_name=shown, **own)
        create_product_version(version)
        set_features(
            version,
            [
                {"name": name, "enabled": data is not None, "data": data or ""}
                for name, data in features.items()
            ],
        )


def _policies(vendor: Vendor) -> None:
    for name, terms in (
        ("Yearly, 3 seats", {"allowed_activations": 3, "subscription_interval": "P1Y"}),
        ("Perpetual, 1 seat", {"allowed_activations": 1, "subscription_interval": ""}),
    ):
        LicensePolicy.objects.get_or_create(
            id=demo_id(vendor.company_id, "policy", name),
            defaults={"vendor": vendor, "name": name, **terms},
        )

    year = {"subscription_interval": "P1Y", "allow_major_version_updates": True}
    never = {"subscription_interval": "", "allow_major_version_updates": False}
    for name, rules in (("One year", year), ("Without new major versions", never)):
        MaintenancePolicy.objects.get_or_create(
            id=demo_id(vendor.company_id, "maintenance", name),
            defaults={"vendor": vendor, "name": name, **rules},
        )


def _life(sample: Sample, vendor: Vendor) -> Iterator[Step]:
    """A licence from its first day on."""
    pk = demo_id(vendor.company_id, "license", sample.name)

    def do(verb: Callable[[License], object]) -> Callable[[], object]:
        return lambda: verb(License.objects.get(pk=pk))

    yield sample.age, partial(_license, sample, vendor)
    for number, hostname in enumerate(sample.machines):
        # Spread over the last weeks, but not before the licence.
        ago = min(sample.age, (len(hostname) * 7 + number * 5) % 27)
        yield ago, do(partial(activate, machine=_machine(vendor, hostname)))
    if sample.name == "lab":
        yield 30, do(partial(activate, machine=_machine(vendor, "retired-tower")))
        yield 8, do(_retire)
        yield 0, do(_offline_machine)
        yield 0, do(_ask_to_release)
    if sample.then:
        yield min(sample.age, 5), do(sample.then)


def _license(sample: Sample, vendor: Vendor) -> None:
    license = License(
        id=demo_id(vendor.company_id, "license", sample.name),
        vendor=vendor,
        product_id=demo_id(vendor.company_id, "product", sample.product),
        user=person_of(vendor.company_id, sample.owner),
        key=demo_key(vendor.company_id, sample.name),
        **sample.terms,
    )
    if sample.maintenance:
        license.maintenance_policy_id = demo_id(
            vendor.company_id, "maintenance", sample.maintenance
        )
    if sample.version:
        license.product_version_id = demo_id(vendor.company_id, "version", sample.version)
    licenses.save_new_license(license)
    for key, value, visible in sample.metadata:
        LicenseMetadata.objects.create(
            vendor=vendor, license=license, key=key, value=value, visible=visible
        )
    LicenseWord.objects.keep([license.pk])
    for email in sample.shared_with:
        LicenseUser.objects.create(
            vendor=vendor, license=license, user=person_of(vendor.company_id, email)
        )


def _retire(license: License) -> None:
    with acting_as(license.user):
        deactivate(Activation.objects.get(license=license, hostname="retired-tower"))


def _machine(vendor: Vendor, hostname: str) -> Machine:
    return Machine(
        fingerprint=demo_fingerprint(vendor.company_id, hostname),
        os="linux" if hostname[-1].isdigit() else "windows",
        os_version="Debian 12" if hostname[-1].isdigit() else "11",
        hostname=hostname,
        app_version="4.2.1",
    )


def demo_fingerprint(*names: str) -> str:
    """A fingerprint of 64 characters, made of the names."""
    return demo_id("fingerprint", *names).hex * 2


def _offline_machine(license: License) -> None:
    """A machine in the clean room, activated with a file as a program would have written it."""
    machine_key = OKPKey.generate_key("Ed25519")
    claims = {
        "jti": str(demo_id("request", str(license.pk))),
        "iat": int(timezone.now().timestamp()),
        "productId": str(license.product_id),
        "key": license.key,
        "fingerprint": demo_fingerprint("clean-room"),
        "os": "linux",
        "osVersion": "Debian 12",
        "hostname": "clean-room-03",
        "appVersion": "4.2.1",
    }
    header = {
        "alg": "Ed25519",
        "typ": "offline-activation-request+jwt",
        "jwk": machine_key.as_dict(private=False),
    }
    user = person_of(license.vendor.company_id, "ada@example.com")
    with acting_as(user):
        answer(user, jwt.encode(header, claims, machine_key, algorithms=["Ed25519"]))


def _ask_to_release(license: License) -> None:
    """The machine in the clean room can't write a file any more."""
    machine = Activation.objects.get(license=license, hostname="clean-room-03")
    user = person_of(license.vendor.company_id, "ada@example.com")
    with acting_as(user):
        ask(machine, user=user, reason="Its power supply burnt out, and it was scrapped.")


def sign_ins() -> Iterator[str]:
    """The lines that tell where to sign in and with what."""
    for company in COMPANIES:
        company_id = company.vendor["company_id"]
        yield f"{company.vendor['name']}: {origin(f'{company_id}.{settings.PORTAL_PARENT_HOST}')}/"
        for person in company.people:
            if person.role in {BuiltIn.USER, BuiltIn.ORGANIZATION_ADMIN}:
                yield f"  {person.email:24} {person.password(company_id)}"
    yield f"Back office: {origin(f'app.{settings.PORTAL_PARENT_HOST}')}/"
    for company in COMPANIES:
        company_id = company.vendor["company_id"]
        for person in company.people:
            if person.role in {BuiltIn.ADMIN, BuiltIn.SUPPORT}:
                password = person.password(company_id)
                yield f"  {person.email:24} {password:24} company id {company_id}"
    yield f"  {OPERATOR.email:24} {'demo-root':24} operator, no company id"
    yield f"Find a portal: {origin(settings.PORTAL_PARENT_HOST)}/"
