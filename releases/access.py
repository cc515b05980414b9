"""The only door by which a customer's view, or a program with a key, gets a release or a file.

The host's vendor limits every query (the scope). Whoever holds no licence of a product learns
nothing of its releases: 404, the same as missing. Drafts, private and archived releases are gone
for everybody.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any
from unicodedata import normalize
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.requests import PersonRequest
from licenses.access import licenses_seen, named, some_shared
from licenses.ends import End
from licenses.models import MAINTENANCE, VALIDITY, License, MaintenancePolicy, Product
from releases.coverage import Publication, Terms, Verdict, bought_versions, coverage
from releases.errors import SignInNeeded
from releases.models import STABLE, Release, ReleaseFile
from tenancy.models import Vendor
from tenancy.prepared import prepared, together
from tenancy.spelling import form_of
from web import limits
from web.requests import client_ip

KEY_HEADER = "License-Key"


@dataclass(slots=True)
class Held:
    """What of a customer's licence decides, without the licence: he may have thousands."""

    pk: UUID
    key: str
    product_id: UUID
    created_at: datetime
    expires_at: datetime | None
    expires_on: date | None
    suspended: bool
    revoked: bool
    maintenance_expires_at: datetime | None
    maintenance_expires_on: date | None
    max_allowed_release_version: str
    maintenance_policy_id: UUID | None
    product: Product = field(init=False)
    maintenance_policy: MaintenancePolicy | None = field(init=False)

    @property
    def end(self) -> End | None:
        return VALIDITY.end(self)

    @property
    def maintenance_end(self) -> End | None:
        return MAINTENANCE.end(self)


READ = tuple(each.name for each in fields(Held) if each.init)


@prepared
def _read(user: Any, shared: Any, /) -> QuerySet[License, Any]:
    return licenses_seen(user, shared).values_list(*READ)


@prepared
def _products(ids: Any, /) -> QuerySet[Product]:
    return Product.objects.filter(pk__in=ids)


@prepared
def _policies(ids: Any, /) -> QuerySet[MaintenancePolicy]:
    return MaintenancePolicy.objects.filter(pk__in=ids)


def _held(user: User) -> list[Held]:
    """In the order of the licences."""
    rows, shared = together(_read.asked(user.pk, ()), some_shared.asked(user.pk))
    held = [Held(*row) for row in (_read(user.pk, named(shared)) if shared else rows)]
    products = {each.pk: each for each in _products(_ids(each.product_id for each in held))}
    used = _ids(each.maintenance_policy_id for each in held)
    policies = {each.pk: each for each in _policies(used)}
    for each in held:
        each.product = products[each.product_id]
        policy = each.maintenance_policy_id
        each.maintenance_policy = policies[policy] if policy else None
    return held


def _ids(ids: Iterable[UUID | None]) -> tuple[UUID, ...]:
    """Each once, in some order."""
    return tuple({each for each in ids if each})


@dataclass(slots=True)
class Holder:
    """Who asks: a signed-in customer (`user`), or a program by a licence's key (`key`).

    `address_key` is the key that addresses carry along, because it came in one. `verdict` says of
    a release whether one of the holder's licences covers it.
    """

    vendor: Vendor
    licenses: Sequence[Terms]
    user: User | None = None
    key: str = ""
    address_key: str = ""
    _bought: dict[UUID, str] | None = field(default=None, init=False)
    _by_product: dict[UUID, list[Terms]] | None = field(default=None, init=False)

    def products(self) -> list[Product]:
        """The products that the holder has a licence of, by name."""
        products = {license.product_id: license.product for license in self.licenses}
        return sorted(products.values(), key=lambda product: str(product).lower())

    def verdict(self, release: Release) -> Verdict:
        """Whether the release is covered, by which licence, or why not."""
        if self._bought is None:
            self._bought = bought_versions(self.licenses, _history(self.licenses))
        licenses = self._licenses_of(release.product_id)
        return coverage(release, licenses, self._bought, now=timezone.now())

    def _licenses_of(self, product_id: UUID) -> Sequence[Terms]:
        if self._by_product is None:
            self._by_product = {}
            for license in self.licenses:
                self._by_product.setdefault(license.product_id, []).append(license)
        return self._by_product.get(product_id, [])


HISTORY = ("vendor", "product", "channel", "version", "version_key", "published_at")


def _history(licenses: Iterable[Terms]) -> list[Publication]:
    """What the steps between versions are counted from, if a policy asks for that at all."""
    products = {
        license.product_id
        for license in licenses
        if (policy := license.maintenance_policy)
        and not (policy.allow_major_version_updates and policy.allow_minor_version_updates)
    }
    if not products:
        return []
    # What is private was never sold, and its version is nobody's business.
    stable = Release.objects.filter(
        product__in=products, channel=STABLE, published=True, private=False
    )
    return [
        Publication(each.product_id, each.version, each.version_key, each.appeared)
        for each in stable.only(*HISTORY)
        if not each.tried_out
    ]


def visible_releases() -> QuerySet[Release]:
    """The published releases of the vendor that are neither private nor archived."""
    return Release.objects.filter(published=True, private=False, archived=False)


@prepared
def releases_of(products: Any, /) -> QuerySet[Release]:
    """The visible releases of products, given as a tuple of ids, without their notes."""
    # By `pk`: a foreign key itself takes nothing that is given later.
    found = visible_releases().filter(product__pk__in=products)
    return found.select_related("product").defer("notes", "notes_html")


def get_customer(request: PersonRequest) -> Holder:
    """The signed-in customer."""
    return Holder(request.vendor, _held(request.user), user=request.user)


def given_key(request: HttpRequest) -> str | None:
    """The licence key in the address or, where logs don't show it, in a header; None without."""
    return request.GET.get("key", _as_sent(request.headers.get(KEY_HEADER)))


def _as_sent(header: str | None) -> str | None:
    """A header in UTF-8, in which programs send dashes and what nobody sees; WSGI hands it over
    byte by byte (PEP 3333)."""
    with suppress(UnicodeError):
        return header and header.encode("latin-1").decode()
    return header


def get_holder(request: PersonRequest) -> Holder:
    """The customer or, by the key that it gives, the program that asks.

    Raises SignInNeeded, Http404 for a key that no licence has, and TooManyAttempts for somebody
    who keeps trying keys.
    """
    key = given_key(request)
    if key:
        ip = client_ip(request)
        limits.take_from(limits.LICENSE_KEY_PER_IP, ip)
        # An account that was switched off takes its keys along.
        usable = Q(user=None) | Q(user__is_active=True)
        with_key = License.objects.filter(usable, key_form=form_of(key))
        with_key = with_key.select_related("product", "maintenance_policy")
        licenses = list(with_key)
        if not licenses:
            raise Http404
        limits.give_back_to(limits.LICENSE_KEY_PER_IP, ip)
        address_key = key if "key" in request.GET else ""
        return Holder(request.vendor, licenses, key=key, address_key=address_key)
    if not request.user.is_authenticated:
        raise SignInNeeded
    return get_customer(request)


def get_release(holder: Holder, release_id: Any, *, notes: bool = False) -> Release:
    """A visible release of one of the holder's products, product loaded, with its notes as HTML if
    they are wanted; raises Http404."""
    products = tuple(product.pk for product in holder.products())
    found = _one(release_id, products, notes=notes)
    if not found:
        raise Http404
    return found[0]


@prepared
def _one(release: Any, products: Any, /, *, notes: bool) -> QuerySet[Release]:
    found = visible_releases().filter(pk=release, product__pk__in=products)
    left_out = ("notes",) if notes else ("notes", "notes_html")
    return found.select_related("product").defer(*left_out)


def get_file(holder: Holder, release_id: Any, name: str) -> ReleaseFile:
    """A file of such a release, release and product loaded; raises Http404."""
    release = get_release(holder, release_id)
    file = None
    if "\x00" not in name:  # which PostgreSQL does not take
        composed = normalize("NFC", name)
        file = ReleaseFile.objects.filter(release=release, name=composed).first()
    if file is None:
        raise Http404
    file.release = release
    return file


def get_covering(verdict: Verdict) -> License:
    """The licence by which a release is covered; raises ValueError for a refusal."""
    if verdict.license is None or not verdict.covered:
        raise ValueError(verdict.refusal)
    return License.objects.get(pk=verdict.license.pk)


def get_product(holder: Holder, product_id: Any) -> Product:
    """One of the holder's products; raises Http404."""
    for product in holder.products():
        if product.pk == product_id:
            return product
    raise Http404
