"""`manage.py issue_license`: a licence for somebody, on a policy's terms, by e-mail."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from licenses.intervals import Interval
from licenses.lengths import LengthError, typed
from licenses.models import License, LicensePolicy, MaintenancePolicy, Product
from licenses.verbs.defaults import Choice
from licenses.verbs.issuing import issue
from licenses.words import valid_text
from tenancy.door import inside
from tenancy.finding import called
from tenancy.management.named import vendor_named, what_is_wrong
from web.errors import PortalError


class Command(BaseCommand):
    help = (
        "Makes a licence for a known or a new customer, prints its key and until when it is valid, "
        "and sends it by e-mail."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("company_id")
        parser.add_argument("product", help="The product's name.")
        parser.add_argument("email", help="The customer's e-mail; an unknown one adds a customer.")
        parser.add_argument(
            "--policy",
            help="The name of the licence policy whose terms count, or none; else the product's.",
        )
        parser.add_argument(
            "--maintenance", help="The name of the maintenance policy, or none; else the product's."
        )
        parser.add_argument(
            "--maintenance-until",
            metavar="DAY",
            help="The last day of the maintenance, such as 2027-12-31; else as long as its policy "
            "says.",
        )
        parser.add_argument("--max-version", default="", help="The highest version, such as 4.2.")
        parser.add_argument("--order-number", default="", help="The customer can read it.")
        parser.add_argument(
            "--metadata",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="A value for your staff, maybe several times.",
        )
        parser.add_argument(
            "--additional-user",
            action="append",
            default=[],
            metavar="E-MAIL",
            help="A further customer who may use it, maybe several times.",
        )
        parser.add_argument(
            "--validity",
            metavar="LENGTH",
            help="Such as '1 year', '18 months', P30D or perpetual; else the policy's.",
        )
        parser.add_argument(
            "--until",
            metavar="DAY",
            help="The last day, such as 2027-12-31; else as long as the validity says.",
        )
        parser.add_argument("--seats", type=int, help="0 is unlimited; else the policy's.")
        parser.add_argument("--key", default="", help="Else a new one is made.")
        parser.add_argument("--no-email", action="store_true", help="Nobody is written to.")

    def handle(self, *args: Any, **options: Any) -> None:
        vendor = vendor_named(options["company_id"])
        with inside(vendor):
            try:
                license = _issued(options)
            except PortalError as error:
                raise CommandError(error.sentence) from error
            except ValidationError as error:
                raise CommandError(what_is_wrong(error)) from error
            self.stdout.write(f"{license.key}\t{valid_text(license)}")


def _issued(options: dict[str, Any]) -> License:
    return issue(
        product=_named(Product, options["product"]),
        email=options["email"],
        policy=_policy(LicensePolicy, options["policy"]),
        maintenance_policy=_policy(MaintenancePolicy, options["maintenance"]),
        max_allowed_release_version=options["max_version"],
        order_number=options["order_number"],
        metadata=[_value(each) for each in options["metadata"]],
        additional_users=options["additional_user"],
        key=options["key"],
        allowed_activations=options["seats"],
        interval=_length(options["validity"]),
        last_day=_day(options["until"]),
        maintenance_last_day=_day(options["maintenance_until"]),
        send=not options["no_email"],
    )


def _named(model: Any, name: str) -> Any:
    found = called(model.objects.all(), name)
    if found is None:
        raise CommandError(f"There is no {model._meta.verbose_name} named {name!r}.")
    return found


def _policy(model: Any, name: str | None) -> Any:
    if name is None:
        return Choice.AS_PRODUCT
    if name == Choice.NONE.value and called(model.objects.all(), name) is None:
        return Choice.NONE
    return _named(model, name)


def _value(text: str) -> dict[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"This is no name=value: {text!r}.")
    return {"key": key.strip(), "value": value.strip()}


def _length(text: str | None) -> Interval | None:
    try:
        return None if text is None else typed(text)
    except LengthError as error:
        raise CommandError(str(error)) from error


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"This is no day such as 2027-12-31: {text!r}.") from error
