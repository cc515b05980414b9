"""`manage.py product_file <company_id> <product name>`: what a vendor's program ships with."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from licenses.models import Product
from licenses.verbs.signing_keys import product_file
from tenancy.door import inside
from tenancy.finding import called
from tenancy.management.named import vendor_named


class Command(BaseCommand):
    help = "Prints product.json: the product's id, name and public keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("company_id")
        parser.add_argument("product", help="The product's name.")

    def handle(self, *args: Any, company_id: str, product: str, **options: Any) -> None:
        vendor = vendor_named(company_id)
        with inside(vendor):
            found = called(Product.objects.all(), product)
            if found is None:
                raise CommandError(f"{vendor.name} has no product named {product!r}.")
            self.stdout.write(json.dumps(product_file(found), indent=2))
