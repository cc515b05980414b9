"""What a program asks for that comes online, with a licence's key, a product's or a machine's id as
the proof. Runs in the vendor's scope."""

from uuid import UUID

from licenses.errors import (
    ActivationNotFound,
    InvalidLicenseKey,
    InvalidProductId,
    OfflineMachineKeepsItsSeat,
)
from licenses.models import Activation, License, Product
from licenses.verbs.activations import deactivate
from tenancy.spelling import form_of


def find_license(product_id: UUID, key: str) -> License:
    """The product's licence with this key, in whatever spelling. Raises InvalidProductId and
    InvalidLicenseKey."""
    form = form_of(key)
    license = License.objects.filter(key_form=form, product_id=product_id).first() if form else None
    if license is not None:
        return license
    if not Product.objects.filter(pk=product_id).exists():
        raise InvalidProductId
    raise InvalidLicenseKey


def check_names(activation_id: UUID, product_id: UUID | None, key: str | None) -> None:
    """Raises InvalidProductId or InvalidLicenseKey where a program that is known names another
    product or key than its licence's; what it does not name is not asked for."""
    if product_id is None and not key:
        return
    license = License.objects.filter(activations=activation_id).first()
    if license and product_id not in {None, license.product_id}:
        raise InvalidProductId
    if license and key and form_of(key) != license.key_form:
        raise InvalidLicenseKey


def deactivate_online(activation_id: UUID) -> None:
    """Ends the activation of a program that asks for it and has stopped. The seat of an offline
    machine comes back by its own signed request alone (offline-protocol.md).

    Raises ActivationNotFound, OfflineMachineKeepsItsSeat and DeactivationLimitReached.
    """
    activation = Activation.objects.filter(pk=activation_id).first()
    if activation is None:
        raise ActivationNotFound
    if activation.offline:
        raise OfflineMachineKeepsItsSeat
    deactivate(activation)
