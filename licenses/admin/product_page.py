"""What a product's page in the back office begins with: its licences, what new ones begin on, its
releases, and what its program ships with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.pages import MOST_COUNTED, counted
from licenses.admin.license_page import link_to
from licenses.admin.meanings import of_maintenance, of_policy
from licenses.models import License, Product, SigningKey
from licenses.statistics import standings
from licenses.words import NAMES
from web.moments import day

LAST_RELEASES = 5
MOST_READ = 100  # releases, of which several may be one version for several platforms


@dataclass(frozen=True, slots=True)
class Link:
    """Something with a page of its own; without `url` for who may not look at it. `about` says more
    of it."""

    text: str
    url: str = ""
    about: str = ""


def page_of(request: HttpRequest, product: Product) -> dict[str, Any]:
    """All that the page shows above its form."""
    may = request.user.has_perm
    listed = {"product__id__exact": str(product.pk)}
    return {
        "product": product,
        "licenses": _licenses(product) if may("licenses.view_license") else None,
        "begins_on": _begins_on(request, product),
        "releases": _releases(request, product) if may("releases.view_release") else None,
        "all_releases": reverse("admin:releases_release_changelist", query=listed),
        "may_add_release": may("releases.add_release"),
        "signing_key": _key(product),
        "product_file": reverse("admin:licenses_product_file", args=[product.pk]),
    }


def _licenses(product: Product) -> dict[str, Any]:
    """How many there are, by status; of very many only that there are."""
    rows = License.objects.filter(product=product)
    listed = {"product__id__exact": str(product.pk)}
    address = reverse("admin:licenses_license_changelist", query=listed)
    if counted(rows.order_by()) > MOST_COUNTED:
        most = number_format(MOST_COUNTED, force_grouping=True)
        return {"text": _("More than %(most)s licences") % {"most": most}, "url": address}
    numbers = standings(timezone.now(), rows)
    total = numbers.total
    return {
        "text": ngettext("%(n)d licence", "%(n)d licences", total) % {"n": total},
        "url": address,
        "by_status": [
            Link(str(NAMES[status]), f"{address}&status={status}", str(number))
            for status, number in reversed(tuple(numbers.by_status.items()))
            if number
        ],
    }


def _begins_on(request: HttpRequest, product: Product) -> list[Link]:
    """The policies of new licences, and what they mean."""
    policy, maintenance = product.default_policy, product.default_maintenance_policy
    found = []
    if policy:
        found.append(Link(str(policy), link_to(request, policy), of_policy(policy)))
    if maintenance:
        about = of_maintenance(maintenance)
        found.append(Link(str(maintenance), link_to(request, maintenance), about))
    return found


def _releases(request: HttpRequest, product: Product) -> list[tuple[Link, list[Link]]]:
    """The newest releases, each once: what has a row for each platform leads to these."""
    published = product.releases.filter(published=True, archived=False)
    by_name: dict[tuple[str, str], list[Any]] = {}
    for each in published.order_by("-published_at", "-version_key", "pk")[:MOST_READ]:
        by_name.setdefault((str(each), each.channel), []).append(each)
    shown = list(by_name.values())[:LAST_RELEASES]
    platforms = product.releases.model.platforms_in_words([each for rows in shown for each in rows])
    return [_release(request, rows, platforms) for rows in shown]


def _release(
    request: HttpRequest, rows: Sequence[Any], platforms: Mapping[Any, str]
) -> tuple[Link, list[Link]]:
    """One of them: the link to it, or without one its name and the links to each of its rows."""
    newest = rows[0]
    told = [newest.channel, _published(newest.published_at)]
    if len(rows) == 1:
        told.insert(0, platforms[newest.pk])
        return Link(str(newest), link_to(request, newest), " · ".join(told)), []
    ways = [Link(platforms[each.pk], link_to(request, each)) for each in rows]
    return Link(str(newest), about=" · ".join(told)), sorted(ways, key=lambda way: way.text.lower())


def _published(moment: Any) -> str:
    return day(timezone.localdate(moment)) if moment else ""


def _key(product: Product) -> str:
    """Since when which key signs."""
    key = SigningKey.objects.filter(product=product, retired_at=None).first()
    if key is None:
        return ""
    told = {"kid": key.kid, "day": day(timezone.localdate(key.created_at))}
    return _("Signed with the key %(kid)s since %(day)s.") % told
