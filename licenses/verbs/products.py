"""Products: what a vendor licenses. Those stay whose keys a machine may trust."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import ProtectedError

from audit import rows
from licenses.errors import ProductIsUsed
from licenses.models import Product
from licenses.verbs.signing_keys import add_key


@transaction.atomic
def create_product(product: Product) -> Product:
    """Saves a product that was filled in elsewhere, together with its first signing key.

    Raises ValidationError.
    """
    product.full_clean()
    rows.create(product)
    add_key(product)
    return product


@transaction.atomic
def delete_product(product: Product) -> None:
    """Deletes a product with its keys. Raises ProductIsUsed where there are licences, releases,
    product versions or feature flags of it, and where a machine was ever activated."""
    locked = Product.objects.select_for_update(of=("self",)).get(pk=product.pk)
    if locked.has_been_activated:
        raise ProductIsUsed
    try:
        rows.delete(locked)
    except ProtectedError as error:
        raise ProductIsUsed from error


def change_product(product: Product, *, fields: Collection[str]) -> Product:
    """Saves the fields that changed. Raises ValidationError."""
    product.full_clean()
    return rows.change(product, fields=fields)
