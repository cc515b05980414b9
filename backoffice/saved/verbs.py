"""Saved views: what narrows and orders a list, under a name."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit import rows
from audit.verbs.erasing import Leaving
from backoffice.models import SavedView
from tenancy.models import Vendor
from web.errors import PortalError

MOST = 50  # of one person
MOST_SHOWN = 100
# What of a list's address is no part of a view: the page, Django's mark of an error.
PASSING = {"p", "e"}


class TooManyViews(PortalError):
    """Nobody keeps more than MOST."""

    code = "TOO_MANY_VIEWS"
    text = _("You have saved as many views as one person can: delete one first.")


def query_of(pairs: Iterable[tuple[str, str]]) -> str:
    """What of a list's address makes a view, in one spelling."""
    return urlencode(
        sorted((name, value) for name, value in pairs if value and name not in PASSING)
    )


def asked_in(query: str) -> str:
    """The same of an address's query."""
    return query_of(parse_qsl(query.removeprefix("?")))


def views_of(person: Any, listed: str) -> list[SavedView]:
    """The views of a list that the person has, or that somebody shares."""
    views = SavedView.objects.filter(listed=listed).order_by()
    # By an index each: both as one condition would read everybody's.
    seen = views.filter(owner=person.pk).union(views.filter(shared=True))
    return list(seen.order_by("name", "id")[:MOST_SHOWN])


@transaction.atomic
def save(
    *, vendor: Vendor, owner: Any, listed: str, name: str, query: str, shared: bool
) -> SavedView:
    """A new view. Raises TooManyViews, and ValidationError for a name that there is."""
    # Two at once, who both have one left, wait for each other here.
    people: Any = SavedView._meta.get_field("owner").related_model
    people.objects.select_for_update(of=("self",), no_key=True).get(pk=owner.pk)
    if SavedView.objects.filter(owner=owner).count() >= MOST:
        raise TooManyViews
    view = SavedView(
        vendor=vendor, owner=owner, listed=listed, name=name, query=query, shared=shared
    )
    view.full_clean()
    return rows.create(view)


@transaction.atomic
def change(view: SavedView) -> SavedView:
    """Saves another name, or for whom it is. Raises ValidationError."""
    view.full_clean()
    return rows.change(view, fields=["name", "shared"])


def delete(view: SavedView) -> None:
    rows.delete(view)


def forget(leaving: Leaving) -> None:
    """The views of a person who is erased go, and those of others that look for the person."""
    told = [
        view.pk
        for view in SavedView.objects.all()
        if leaving.is_told_in(view.name, *(value for _name, value in parse_qsl(view.query)))
    ]
    SavedView.objects.filter(Q(owner=leaving.person_id) | Q(pk__in=told)).delete()
