"""What a program asks for that comes online, with a licence's key, a product's or a machine's id as
the proof. Runs in the vendor's scope."""

from uuid import UUID

from audit.acting import actor
from licenses.errors import (
    ActivationNotFound,
    InvalidLicenseKey,
    InvalidProductId,
    OfflineMachineKeepsItsSeat,
)
from licenses.models import Activation, License, Product
from licenses.verbs.activations import Machine, activate, deactivate
from licenses.verbs.restrictions import check_place, check_sign_in
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


def activate_online(
    product_id: UUID,
    key: str,
    machine: Machine,
    *,
    email: str = "",
    password: str = "",
    lease_duration: int | None = None,
) -> Activation:
    """A seat for the machine of a program that comes with a licence's key, as `activate` gives it.

    Raises what `find_license`, `check_place`, `check_sign_in` (of a licence that asks for it) and
    `activate` raise.
    """
    license = find_license(product_id, key)
    ip = actor().ip
    check_place(license, ip)
    if license.require_authentication:
        check_sign_in(license, email=email, password=password, ip=ip)
    return activate(license, machine, lease_duration=lease_duration)


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
