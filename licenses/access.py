"""The only door by which a customer's view gets a licence or one of its machines.

The host's vendor limits every query (the scope); this limits it to the signed-in customer. What
is somebody else's is answered like what does not exist: 404.
"""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from accounts.models import User
from accounts.requests import PersonRequest
from licenses.models import Activation, License, LicenseUser


def licenses_of(user: User) -> QuerySet[License]:
    """The customer's own licences and those where he is an additional user."""
    shared = LicenseUser.objects.filter(license=OuterRef("pk"), user=user)
    return License.objects.filter(Q(user=user) | Exists(shared)).select_related("product")


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
