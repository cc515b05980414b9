"""What the portal will look like to a customer, before there is one: its own pages, in the vendor's
look, with samples that are in no table. For staff, on the back office's host, to read alone.

Pages are made as on the vendor's host; then each of their addresses gets the preview's own before
it, so that no link and no form leaves it. There are two such addresses, by which the preview knows
where one came from: `begin` is the name of the one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, get_urlconf, resolve, reverse, set_urlconf
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from branding import colours
from branding.access import picture_of
from branding.verbs.brands import branding_for
from licenses import words
from licenses.ends import end_of
from licenses.models import Activation, License, OperatingSystem, Product
from licenses.pages import rows
from licenses.pages.forms import LicenseSearchForm, NameForm
from licenses.pages.views import Tile
from licenses.search import DEFAULT_SORT
from releases.pages.forms import ReleaseSearchForm
from releases.pages.rows import FileRow, ReleaseRow
from tenancy.hosts import backoffice_url
from tenancy.models import Vendor
from web.links import path_to
from web.moments import at, moment
from web.pages import part, render
from web.requests import page_of

CUSTOMERS = "portal.urls.customer"
RIGHTS = ("branding.change_branding", "accounts.change_portalsettings")
# The addresses of this host that a page has, apart from static files.
ADDRESS = re.compile(rf'\b(href|action|src|srcset)="/(?!{settings.STATIC_URL.strip("/")}/)')
SPACE = UUID("5f0e8a52-2f0e-4d57-9a53-1c4b0b7f6f0d")  # in which samples have their ids
Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Back:
    """How one leaves the preview: what the link says, and the view that it leads to."""

    text: str | Promise
    route: str

    @property
    def url(self) -> str:
        return backoffice_url(self.route)


# By the views that begin it.
BACK = {
    "admin:preview_begin": Back(_lazy("Back to Branding"), "admin:branding_branding_changelist"),
    "admin:preview_begin_first_steps": Back(_lazy("Back to the first steps"), "admin:index"),
}


def preview_view(request: Any, begin: str, page: str = "") -> HttpResponse:
    """A page of the portal by its path there; what the samples have none of says so."""
    vendor = request.user.vendor
    if vendor is None or not any(request.user.has_perm(right) for right in RIGHTS):
        raise PermissionDenied
    try:
        match = resolve(f"/{page}", urlconf=CUSTOMERS)
    except Resolver404 as error:
        raise Http404 from error
    brand, name = branding_for(vendor), match.url_name
    if name == "branding_css":
        text = colours.css(brand.accent_color) if brand.accent_color else ""
        return HttpResponse(text, content_type="text/css")
    if name == "brand_image":
        return HttpResponse(picture_of(brand, match.kwargs["name"]), content_type="image/png")
    if request.method not in {"GET", "HEAD"}:
        return redirect(f"{reverse(begin)}profile/")  # nothing is done; that page says so
    if name == "home":
        return redirect(f"{reverse(begin)}licenses/")
    samples = Samples(vendor, timezone.now())
    shown = {"vendor": vendor, "brand": brand, "user": samples.customer, "messages": ()}
    make: Page = PAGES.get(name or "", _nothing)
    with _on_the_portal():
        template, context = make(request, samples, match.kwargs)
        response = render(request, template, shown | {"preview": BACK[begin]} | context)
    own = reverse(begin)
    response.content = ADDRESS.sub(rf'\1="{own}', response.content.decode())
    return response


@contextmanager
def _on_the_portal() -> Iterator[None]:
    """Addresses in here are those of the vendor's host."""
    before = get_urlconf()
    set_urlconf(CUSTOMERS)
    try:
        yield
    finally:
        set_urlconf(before)


@dataclass(frozen=True)
class Samples:
    """A customer with three licences, as they could be at the moment."""

    vendor: Vendor
    now: datetime

    @cached_property
    def customer(self) -> User:
        return User(
            pk=uuid5(SPACE, "customer"),
            vendor=self.vendor,
            email="customer@example.com",
            first_name=_("Sample"),
            last_name=_("Customer"),
        )

    @cached_property
    def product(self) -> Product:
        return Product(pk=uuid5(SPACE, "product"), vendor=self.vendor, name=_("Sample product"))

    @cached_property
    def licenses(self) -> list[License]:
        """One that is in use, one whose seats are all taken, one that ends soon."""
        return [
            self._license("SAMPLE-AAAA-1111-0001", 5, 2, 250, name=_("Laboratory")),
            self._license("SAMPLE-BBBB-2222-0002", 3, 3, 400, order_number="PO-2026-118"),
            self._license("SAMPLE-CCCC-3333-0003", 10, 4, 20),
        ]

    def _license(self, key: str, seats: int, used: int, days: int, **fields: Any) -> License:
        end = end_of((self.now + timedelta(days=days)).date(), self.vendor.zone)
        return License(
            pk=uuid5(SPACE, key),
            vendor=self.vendor,
            product=self.product,
            user=self.customer,
            key=key,
            allowed_activations=seats,
            total_activations=used,
            subscription_interval="P1Y",
            expires_at=end.at,
            expires_on=end.on,
            **fields,
        )

    def machines(self, license: License) -> list[Activation]:
        """As many as the licence has seats in use."""
        return [
            Activation(
                pk=uuid5(license.pk, str(n)),
                vendor=self.vendor,
                license=license,
                hostname=f"workstation-{n:02}",
                os=OperatingSystem.WINDOWS if n % 2 else OperatingSystem.LINUX,
                app_version="4.2.1",
                created_at=self.now - timedelta(days=30 * n),
                last_synced_at=self.now - timedelta(hours=n),
            )
            for n in range(1, license.total_activations + 1)
        ]

    @cached_property
    def releases(self) -> list[ReleaseRow]:
        """The newest release and an older one, of a file each."""
        return [self._release("4.2.1", 9), self._release("4.1.0", 120)]

    def _release(self, version: str, days: int) -> ReleaseRow:
        pk, name = uuid5(SPACE, version), f"sample-product-{version}.zip"
        return ReleaseRow(
            id=str(pk),
            url=path_to("release", pk),
            product=str(self.product),
            name=str(self.product),
            version=version,
            channel="",
            platforms="Windows, macOS, Linux",
            published=moment(self.now - timedelta(days=days), self.now),
            refusal="",
            files=[
                FileRow(
                    name=name,
                    url=reverse("download", args=[pk, name], urlconf=CUSTOMERS),
                    size="48.2 MB",
                    sha256="0" * 64,
                    curl=f"curl -L -C - -O {name} -K -",
                    curl_input='url = "…"',
                    checks=(("Linux", f'sha256sum "{name}"'),),
                )
            ],
            notes="",
        )


# --- Pages --------------------------------------------------------------------------------------


def _licenses(request: HttpRequest, samples: Samples, _ids: Mapping[str, Any]) -> Any:
    today, found = timezone.localdate(samples.now), samples.licenses
    form = LicenseSearchForm(products=[(samples.product.pk, str(samples.product))])
    heads = {
        "product": _("Product and key"),
        "status": _("Status"),
        "seats": _("Seats"),
        "expires": _("Expires"),
    }
    return "licenses/license_list.html", {
        "search": part("licenses/_search.html", {"form": form, "sort": DEFAULT_SORT}),
        "filtered": False,
        "totals": SimpleNamespace(all=len(found)),
        "tiles": [Tile(_("All"), len(found), "?", current=True)],
        "page": page_of(found, request),
        "rows": [rows.license_row(each, samples.now, today) for each in found],
        "on": {},
        "sort": DEFAULT_SORT,
        "columns": [
            {"name": name, "label": label, "url": "?", "order": "none"}
            for name, label in heads.items()
        ],
        "page_query": "",
    }


def _license(request: HttpRequest, samples: Samples, ids: Mapping[str, Any]) -> Any:
    license = next((each for each in samples.licenses if each.pk == ids["license_id"]), None)
    if license is None:
        return _nothing(request, samples, ids)
    now, today = samples.now, timezone.localdate(samples.now)
    machines = samples.machines(license)
    created = moment(now - timedelta(days=200), now)
    box = {"rows": samples.releases[:1], "product_id": samples.product.pk}
    return "licenses/license_detail.html", {
        "license": license,
        "product": license.product,
        "row": rows.license_row(license, now, today),
        "type": words.type_text(license),
        "validity": words.validity_text(license),
        "maintenance": "",
        "version": "",
        "deactivations": words.deactivations_text(license),
        "usable_offline": True,
        "owner": None,
        "holder": samples.customer,
        "as_of": at(now),
        "name_form": NameForm(initial={"name": license.name}),
        "metadata": [SimpleNamespace(key=_("Cost centre"), value="4711")],
        "meters": (),
        "boxes": [part("releases/_license_box.html", box)],
        "machine_page": page_of(machines, request),
        "machines": [rows.machine_row(each, license, now, today) for each in machines],
        "requests": (),
        "history_page": page_of([license], request),
        "events": [rows.EventRow(created, _("Created"), "", samples.vendor.name)],
    }


def _releases(request: HttpRequest, samples: Samples, _ids: Mapping[str, Any]) -> Any:
    newest, *older = samples.releases
    form = ReleaseSearchForm({}, products=[], platforms=[], channels=[], defaults={})
    return "releases/release_list.html", {
        "form": form,
        "any": True,
        "has_license": True,
        "newest": [newest],
        "page": page_of(older, request),
        "older": older,
        "page_query": "",
        "feeds": (),
    }


def _nothing(_request: HttpRequest, _samples: Samples, _ids: Mapping[str, Any]) -> Any:
    return "portal/preview_only.html", {}


Page = Callable[[HttpRequest, Samples, Mapping[str, Any]], tuple[str, Context]]
PAGES: dict[str, Page] = {"licenses": _licenses, "license": _license, "releases": _releases}
