"""One database with vendors of different sizes, for the table of docs/performance.md.

Rows are made by INSERT … SELECT as a superuser, past triggers and with indexes that are built at
the end: a million licences take a minute or two. Ids are hashes of the vendor's company id and a
number, so that rows can refer to each other without being looked up.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import md5
from typing import Any

from bench.database import run
from tests.words import fill_words, form

PASSWORD = "a password"
PRODUCTS = 8
ENTRIES = 10  # of each licence, in the audit trail
# Customers whose licences are counted: their numbers among the vendor's customers.
C25, C5000 = 1, 2
TABLES = (
    "accounts_user",
    "accounts_userword",
    "audit_auditentry",
    "audit_auditparticulars",
    "licenses_activation",
    "licenses_activationword",
    "licenses_license",
    "licenses_licensemetadata",
    "licenses_licenseuser",
    "licenses_licenseword",
    "mail_outgoingemail",
    "releases_download",
)
# A number that has nothing to do with n, so that whoever has every fortieth licence has all sorts.
H = "(hashint4(n) & 1048575)"
# How many machines licence number n has: 3 on average.
MACHINES = "(n % 7)"
KEY = "'LICENSE-' || lpad(n::text, 8, '0') || '-' || upper(left(md5(n::text), 6))"


@dataclass(frozen=True, slots=True)
class Shape:
    """How many rows a vendor has, and whose its licences are."""

    company_id: str
    licenses: int

    @property
    def customers(self) -> int:
        return max(40, self.licenses // 10)

    @property
    def of_c5000(self) -> int:
        """How many licences the large customer has: a quarter of them where there are few."""
        return min(5_000, self.licenses // 4)

    @property
    def first_of_c25(self) -> int:
        """The number of the small customer's first licence."""
        return self.licenses // 25

    def id(self, kind: str, number: str) -> str:
        """SQL of the id of a row; `number` is SQL too."""
        return f"md5('{self.company_id} {kind} ' || {number})::uuid"

    @property
    def owner(self) -> str:
        """SQL of the customer of licence number n. Those of the two customers who are measured lie
        scattered among all others, as they would after years; a few are nobody's yet."""
        every, most = self.first_of_c25, self.licenses // self.of_c5000
        return (
            f"CASE WHEN n % {every} = 0 AND n / {every} <= 25 THEN {self.id('user', str(C25))} "
            f"WHEN n % {most} = 1 THEN {self.id('user', str(C5000))} "
            "WHEN n % 50 = 7 THEN NULL "
            f"ELSE {self.id('user', f'(3 + n % {self.customers - 2})')} END"
        )


@dataclass(frozen=True, slots=True)
class Filled:
    """A vendor that is there, and whom and what is asked for."""

    shape: Shape
    vendor: Any
    admin: Any
    c25: Any
    c5000: Any


def days_ago(days: str) -> str:
    return f"now() - ({days}) * interval '1 day'"


@contextmanager
def in_bulk() -> Iterator[None]:
    """Inside, rows are written unchecked and no index is kept; afterwards everything is as in a
    database that has been in use: indexes, statistics, visibility maps."""
    names = ", ".join(f"'{table}'::regclass" for table in TABLES)
    ready = f"UPDATE pg_index SET indisready = {{}} WHERE indrelid IN ({names})"
    run("SET session_replication_role = replica", ready.format("false"))
    yield
    run(
        ready.format("true"),
        "SET maintenance_work_mem = '1GB'",
        *(f"REINDEX TABLE {table}" for table in TABLES),
        "SET session_replication_role = origin",
        "VACUUM ANALYZE",
        "CHECKPOINT",
    )


def fill(shapes: list[Shape]) -> list[Filled]:
    """Vendors of these shapes, in the database that Django is connected to as a superuser."""
    begun = [begin(shape) for shape in shapes]
    with in_bulk():
        for shape, (vendor, admin, products, files) in zip(shapes, begun, strict=True):
            fill_people(shape, vendor, admin)
            fill_licenses(shape, vendor, products)
            fill_words(vendor)
            fill_what_happened(shape, vendor, files)
    return [
        Filled(shape, vendor, admin, *(customer(vendor, number) for number in (C25, C5000)))
        for shape, (vendor, admin, *_rest) in zip(shapes, begun, strict=True)
    ]


def customer(vendor: Any, number: int) -> Any:
    from accounts.models import User
    from tenancy.door import inside

    with inside(vendor):
        return User.objects.select_related("vendor").get(email=f"customer{number}@example.com")


def begin(shape: Shape) -> tuple[Any, Any, list[Any], list[Any]]:
    """A vendor as the portal begins it, with products, releases and an administrator."""
    from accounts.models import BuiltIn, User
    from accounts.verbs.vendors import begin_vendor
    from licenses.models import Product
    from licenses.verbs.signing_keys import store_key
    from tenancy.door import inside
    from tenancy.models import Vendor

    name = shape.company_id.capitalize()
    vendor = begin_vendor(
        Vendor(company_id=shape.company_id, name=name, support_email="support@example.com")
    )
    with inside(vendor):
        admin = User.objects.create_user(
            vendor=vendor, email="admin@example.com", password=PASSWORD, role=BuiltIn.ADMIN
        )
        products = [
            Product(vendor=vendor, name=f"Product {letter}") for letter in "ABCDEFGH"[:PRODUCTS]
        ]
        for product in products:
            product.save(force_insert=True)
            store_key(product, signing_key())
        files = [publish(product) for product in products]
    return vendor, admin, products, files


@cache
def signing_key() -> Any:
    """One for all products, since making them takes longer than all the rest of a small vendor."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    from licenses.verbs.signing_keys import KEY_SIZE

    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)


def publish(product: Any) -> Any:
    """A published release of the product; its file, which lies elsewhere."""
    from django.utils import timezone

    from releases.models import Release, ReleaseFile

    release = Release(
        vendor_id=product.vendor_id,
        product=product,
        name=product.name,
        version="1.0.0",
        platforms=["linux"],
        notes="What is new in this version.",
        published=True,
        published_at=timezone.now(),
    )
    release.clean()
    release.save(force_insert=True)
    return ReleaseFile.objects.create(
        vendor_id=product.vendor_id,
        release=release,
        name=f"{product.name.replace(' ', '-')}.bin",
        size=1_000_000,
        sha256="0" * 64,
        url="https://downloads.example.com/file.bin",
    )


def fill_people(shape: Shape, vendor: Any, admin: Any) -> None:
    """The customers; all have the administrator's password."""
    from accounts.models import User

    insert(
        User(vendor=vendor, password=admin.password),
        f"generate_series(1, {shape.customers}) n",
        {
            "id": shape.id("user", "n"),
            "email": "'customer' || n || '@example.com'",
            "first_name": "'First' || n",
            "last_name": "'Last' || n",
            "company": "'Company ' || (n / 3)",
            "created_at": days_ago("n % 1500"),
            "last_seen_at": f"CASE WHEN n % 4 > 0 THEN {days_ago('n % 200')} END",
        },
    )


def fill_licenses(shape: Shape, vendor: Any, products: list[Any]) -> None:
    """Licences, their machines, metadata and additional users."""
    from licenses.models import Activation, License, LicenseMetadata, LicenseUser

    license = License(vendor=vendor, product=products[0])
    numbers = f"generate_series(1, {shape.licenses}) n"
    ids = ", ".join(f"'{product.pk}'" for product in products)
    # The first licence of the small customer takes every machine: offline files are handed in.
    other = f"n <> {shape.first_of_c25}"
    # A quarter never expires; the rest from a year ago to two years from now.
    ends, last = f"{H} % 4 > 0 AND {other}", days_ago(f"365 - {H} % 1095")
    insert(
        license,
        numbers,
        {
            "id": shape.id("license", "n"),
            "key": KEY,
            "key_form": form(KEY),
            "product": f"(ARRAY[{ids}]::uuid[])[1 + {H} / 16 % {len(products)}]",
            "user": shape.owner,
            "created_at": days_ago(f"{H} % 1500"),
            "expires_at": f"CASE WHEN {ends} THEN ({last})::date + interval '1 day - 1 second' END",
            "expires_on": f"CASE WHEN {ends} THEN ({last})::date END",
            "suspended": f"{H} % 61 = 5 AND {other}",
            "revoked": f"{H} % 47 = 5 AND {other}",
            "allowed_activations": f"CASE WHEN {H} % 10 = 3 OR NOT {other} THEN -1 ELSE greatest({MACHINES}, {H} % 9 + 1) END",
            "total_activations": MACHINES,
            "notes": f"CASE WHEN {H} % 5 = 2 THEN 'Ordered for laboratory ' || n ELSE '' END",
            "order_number": "'PO-' || n",
        },
    )
    insert(
        Activation(vendor=vendor, license=license, app_version="4.2.1", os_version="12"),
        f"{numbers}, generate_series(1, {MACHINES}) k",
        {
            "license": shape.id("license", "n"),
            "fingerprint": "md5(n || ' ' || k) || md5(k || ' ' || n)",
            "hostname": "'host-' || n || '-' || k",
            "os": "CASE n % 5 WHEN 0 THEN 'macos' WHEN 1 THEN 'linux' ELSE 'windows' END",
            "app_version": "'4.' || (n % 6) || '.' || (k % 4)",
            "created_at": days_ago(f"{H} % 1500"),
            "last_synced_at": days_ago("(n + k) % 60"),
        },
    )
    insert(
        LicenseMetadata(vendor=vendor, license=license, key="department"),
        f"{numbers} WHERE {H} % 5 = 3",
        {
            "license": shape.id("license", "n"),
            "value": "'Department ' || (n % 97)",
            "visible": f"{H} % 2 = 0",
        },
    )
    # Every fiftieth licence has somebody else's eyes on it; the two customers see a few of others.
    shared = (
        (f"generate_series(1, {shape.licenses}, 50) n", f"(3 + n % {shape.customers - 2})"),
        (f"generate_series(3, least(3 + 4 * 3, {shape.licenses}), 4) n", str(C25)),
        (f"generate_series(4, least(4 + 4 * 20, {shape.licenses}), 4) n", str(C5000)),
    )
    for rows, number in shared:
        insert(
            LicenseUser(vendor=vendor, license=license),
            rows,
            {"license": shape.id("license", "n"), "user": shape.id("user", number)},
        )


def key_of(number: int) -> str:
    """The key of the licence with this number, as KEY makes it."""
    return f"LICENSE-{number:08}-{md5(str(number).encode()).hexdigest()[:6].upper()}"


def fill_what_happened(shape: Shape, vendor: Any, files: list[Any]) -> None:
    """The audit trail (its chain is not a true one), e-mails and downloads."""
    from audit.models import AuditEntry, AuditParticulars
    from mail.models import OutgoingEmail
    from releases.models import Download

    entries = ENTRIES * shape.licenses
    numbers = (
        f"generate_series(1, {entries}) entry, LATERAL (SELECT 1 + entry % {shape.licenses} AS n) l"
    )
    # Of each licence one entry in four tells of a person.
    insert(
        AuditParticulars(vendor=vendor, salt="0" * 32),
        f"generate_series(4, {shape.licenses}, 4) n",
        {
            "id": shape.id("particulars", "n"),
            "created_at": days_ago("n % 1500"),
            "said": "jsonb_build_object('actor', 'admin@example.com', 'ip', '192.0.2.1')",
        },
    )
    first = length(vendor)
    insert(
        AuditEntry(
            vendor=vendor,
            source="portal",
            subject_type="licenses.license",
            visible=True,
            previous="0" * 64,
            digest="0" * 64,
        ),
        numbers,
        {
            "sequence": f"entry + {first}",
            "action": "CASE WHEN entry % 3 = 0 THEN 'activated' ELSE 'created' END",
            "subject_id": shape.id("license", "n"),
            "license_id": shape.id("license", "n"),
            "customer_id": shape.owner,
            "label": KEY,
            "created_at": days_ago(f"({entries} - entry) * 1500.0 / {entries}"),
            "by": f"CASE WHEN entry <= {shape.licenses} AND n % 4 = 0 "
            f"THEN {shape.id('particulars', 'n')} END",
        },
    )
    run(f"UPDATE audit_auditchain SET length = {first + entries} WHERE vendor_id = '{vendor.pk}'")
    insert(
        OutgoingEmail(vendor=vendor, kind="license", state="sent", attempts=1),
        f"generate_series(1, {shape.licenses}, 4) n",
        {
            "recipient": f"'customer' || (3 + n % {shape.customers - 2}) || '@example.com'",
            "user": shape.id("user", f"(3 + n % {shape.customers - 2})"),
            "license_id": shape.id("license", "n"),
            "subject": "'Your licence expires soon'",
            "created_at": days_ago("n % 1500"),
            "sent_at": days_ago("n % 1500"),
        },
    )
    ids = ", ".join(f"'{file.pk}'" for file in files)
    insert(
        Download(
            vendor=vendor, file=files[0], first_byte=0, bytes_asked=1, complete=True, counted=True
        ),
        f"generate_series(1, {shape.licenses}, 10) n",
        {
            "file": f"(ARRAY[{ids}]::uuid[])[1 + n / 10 % {len(files)}]",
            "license": shape.id("license", "n"),
            "user": shape.owner,
            "created_at": days_ago("n % 365"),
        },
    )


def length(vendor: Any) -> int:
    """How many entries the vendor's audit trail has."""
    from audit.models import AuditChain
    from tenancy.door import inside

    with inside(vendor):
        return AuditChain.objects.get().length


def insert(sample: Any, rows: str, varied: dict[str, str]) -> None:
    """Rows like the sample, one for each of `rows` (SQL that names n), but for the fields in
    `varied`, which are SQL."""
    from django.db import connection
    from django.utils import timezone

    for name in ("created_at", "updated_at", "last_synced_at"):
        if hasattr(sample, name):
            setattr(sample, name, timezone.now())
    columns, values, params = [], [], []
    varied = {"id": "gen_random_uuid()", **varied}
    for field in sample._meta.concrete_fields:
        columns.append(connection.ops.quote_name(field.column))
        if field.name in varied:
            values.append(varied[field.name].replace("%", "%%"))
            continue
        params.append(field.get_db_prep_save(field.pre_save(sample, False), connection))
        values.append(f"CAST(%s AS {field.db_type(connection)})")
    table = connection.ops.quote_name(sample._meta.db_table)
    statement = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM "
    with connection.cursor() as cursor:
        cursor.execute(statement + rows.replace("%", "%%"), params)
