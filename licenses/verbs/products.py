"""Products: what a vendor licenses. They are never deleted, since machines trust their keys."""

from collections.abc import Collection

from django.db import transaction

from audit import rows
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


def change_product(product: Product, *, fields: Collection[str]) -> Product:
    """Saves the fields that changed. Raises ValidationError."""
    product.full_clean()
    return rows.change(product, fields=fields)
