"""The only door by which a customer's view gets a licence or one of its machines.

The host's vendor limits every query (the scope); this limits it to the signed-in customer. What
is somebody else's is answered like what does not exist: 404.
"""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.models import User
from accounts.requests import PersonRequest
from licenses.models import Activation, License, LicenseUser

# So many licences that are shared with somebody a query names one by one.
MOST_NAMED = 500


def licenses_of(user: User) -> QuerySet[License]:
    """The customer's own licences and those where he is an additional user, by indexes alone.

    Asks at once which are shared with him. Mostly none are, and then one index has his licences
    in their order; a few are named in the query. "His, or shared with him" in one condition would
    read every licence of the vendor (docs/architecture.md, Who sees which licence).
    """
    own = License.objects.filter(user=user)
    shared = LicenseUser.objects.filter(user=user).order_by().values_list("license_id", flat=True)
    few = list(shared[: MOST_NAMED + 1])
    if not few:
        found = own
    elif len(few) <= MOST_NAMED:
        found = License.objects.filter(Q(user=user) | Q(pk__in=few))
    else:
        ids = own.order_by().values("pk").union(shared, all=True)
        found = License.objects.filter(pk__in=ids)
    return found.select_related("product")


def get_license(request: PersonRequest, license_id: Any) -> License:
    """The licence, with product and user loaded; raises Http404 if it isn't the customer's."""
    license = (
        licenses_of(request.user)
        .select_related("user", "maintenance_policy")
        .filter(pk=license_id)
        .first()
    )
    if license is None:
        raise Http404
    license.vendor = request.vendor
    return license


def get_activation(request: PersonRequest, license_id: Any, activation_id: Any) -> Activation:
    """An activation of one of the customer's licences, licence loaded; raises Http404."""
    license = get_license(request, license_id)
    activation = Activation.objects.filter(license_id=license.pk, pk=activation_id).first()
    if activation is None:
        raise Http404
    activation.license = license
    return activation
