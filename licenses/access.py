"""The only door by which a customer's view gets a licence or one of its machines.

The host's vendor limits every query (the scope); this limits it to the signed-in customer. What
is somebody else's is answered like what does not exist: 404.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.requests import PersonRequest
from audit.models import AuditEntry
from audit.words import title
from licenses.errors import MachineIsGone
from licenses.history import told_of
from licenses.models import Activation, License, LicenseUser, SeatRequest
from tenancy.finding import leading
from tenancy.prepared import prepared, together
from web.moments import day

# So many licences that are shared with somebody a query names one by one.
MOST_NAMED = 500


def licenses_of(user: User) -> QuerySet[License]:
    """The customer's own licences and those where he is an additional user, with their products."""
    return licenses_seen(user.pk, shared_with(user.pk)).select_related("product")


def licenses_seen(user: Any, shared: tuple[Any, ...] | None) -> QuerySet[License]:
    """The same for who knows what is shared with the customer (`shared_with`), by indexes alone.

    Mostly nothing is, and then one index has his licences in their order; a few are named in the
    query. "His, or shared with him" in one condition would read every licence of the vendor
    (docs/architecture.md, Who sees which licence).
    """
    own = License.objects.filter(user=user)
    if shared is None:
        ids = own.order_by().values("pk").union(_shared(user), all=True)
        return License.objects.filter(pk__in=ids)
    if shared:
        return License.objects.filter(Q(user=user) | Q(pk__in=shared))
    return own


def shared_with(user: UUID) -> tuple[UUID, ...] | None:
    """The ids of the licences that are shared with the customer; None if they are too many to name
    them."""
    return named(some_shared(user))


def named(ids: list[UUID]) -> tuple[UUID, ...] | None:
    """What `some_shared` found, as `licenses_seen` wants it."""
    return tuple(ids) if len(ids) <= MOST_NAMED else None


@prepared
def some_shared(user: Any, /) -> QuerySet[LicenseUser, UUID]:
    """The first ids of licences that are shared with the customer, one more than can be named."""
    return _shared(user)[: MOST_NAMED + 1]


def _shared(user: Any) -> QuerySet[LicenseUser, UUID]:
    return LicenseUser.objects.filter(user=user).order_by().values_list("license_id", flat=True)


def get_license(request: PersonRequest, license_id: UUID) -> License:
    """The licence, with product and user loaded; raises Http404 if it isn't the customer's."""
    user = request.user.pk
    found, ids = together(_one.asked(user, (), license_id), some_shared.asked(user))
    if not found and ids:
        found = _one(user, named(ids), license_id)
    if not found:
        raise Http404
    license: License = found[0]
    license.vendor = request.vendor
    return license


@prepared
def _one(user: Any, shared: Any, license: Any, /) -> QuerySet[License]:
    seen = licenses_seen(user, shared).filter(pk=license)
    return seen.select_related("product", "product_version", "user", "maintenance_policy")


def get_activation(request: PersonRequest, license_id: Any, activation_id: Any) -> Activation:
    """An activation of one of the customer's licences, licence loaded; raises Http404, and
    MachineIsGone for one that the licence had in this owner's time."""
    license = get_license(request, license_id)
    activation = Activation.objects.filter(license_id=license.pk, pk=activation_id).first()
    if activation is None:
        gone = told_of(license.pk, license.user_id).filter(subject_id=activation_id).first()
        if gone is None:
            raise Http404
        raise MachineIsGone(became(gone))
    activation.license = license
    return activation


def ids_of(user: User) -> QuerySet[License, UUID] | list[UUID]:
    """The ids of all licences that the customer sees, for what hangs on them: named if they are not
    too many, so that it is found by an index. Of a query the planner would not know how few they
    are, and read everybody's."""
    seen = licenses_seen(user.pk, shared_with(user.pk)).order_by().values_list("pk", flat=True)
    ids, many = leading(seen)
    return seen if many else ids


def machines_of(user: User) -> QuerySet[Activation]:
    """The machines of all licences that the customer sees, with these and their products."""
    machines = Activation.objects.filter(license__in=ids_of(user))
    return machines.select_related("license__product")


def asked_for(machines: Iterable[Activation]) -> set[UUID]:
    """Those of the machines, whose licences are loaded, for which support has been asked in the
    present owner's time, and has not answered."""
    owners = {machine.pk: machine.license.user_id for machine in machines}
    waiting = SeatRequest.objects.filter(activation_id__in=owners, state=SeatRequest.State.OPEN)
    asked = waiting.order_by().values_list("activation_id", "owner_id")
    return {machine for machine, owner in asked if owners[machine] == owner}


def became(last: AuditEntry) -> str:
    """What the last entry about a machine says, in a sentence."""
    name = last.details.get("hostname") or _("The machine")
    told = {"name": name, "what": title(last).lower(), "when": day(last.created_at.date())}
    return _("%(name)s: %(what)s on %(when)s.") % told
