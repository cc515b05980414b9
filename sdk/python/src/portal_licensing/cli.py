"""The command line of the SDK: the machine's side, for tests, scripts and curious people."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from portal_licensing.client import Check, LicenseClient, Status
from portal_licensing.errors import InvalidInput, LicensingError
from portal_licensing.product import Product

OK, REFUSED, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Exit code 0: done, or valid; 1: refused, or not valid; 2: wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except LicensingError as error:
        print(f"{error} [{error.code}]", file=sys.stderr)
        return REFUSED
    except OSError as error:
        print(f"{error}", file=sys.stderr)
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    # The same options before and after the command; a value given after wins.
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--product", metavar="FILE", help="the product file (product.json)")
    common.add_argument("--storage", metavar="DIR", help="the folder for the licence data")
    common.add_argument("--fingerprint", metavar="TEXT", help="a fingerprint of your own")
    parser = argparse.ArgumentParser(
        prog="portal_licensing",
        description="Licences for machines without a network.",
        parents=[common],
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: object, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text, parents=[common])
        command.set_defaults(run=run)
        return command

    add("fingerprint", _fingerprint, "print this machine's fingerprint")
    request = add("request", _request, "write an activation request")
    request.add_argument("--key", required=True, help="the licence key")
    trial = add("trial-request", _trial_request, "write a request for a trial")
    for command in (request, trial):
        command.add_argument("--out", default="activation-request.dat", metavar="FILE")
        command.add_argument("--hostname", default=None)
        command.add_argument("--app-version", default="")
        command.add_argument("--metadata", action="append", default=[], metavar="KEY=VALUE")
        command.add_argument("--meter", action="append", default=[], metavar="NAME=USES")
    install = add("install", _install, "install the portal's response")
    install.add_argument("file", metavar="FILE", help="the response; - reads standard input")
    status = add("status", _status, "check the licence, as the program does at each start")
    status.add_argument("--json", action="store_true", help="print JSON")
    deactivate = add("deactivate", _deactivate, "write a deactivation request and stop working")
    deactivate.add_argument("--out", default="deactivation-request.dat", metavar="FILE")
    receipt = add("receipt", _receipt, "verify the receipt of a deactivation")
    receipt.add_argument("file", metavar="FILE", help="the receipt; - reads standard input")
    return parser


def _client(options: argparse.Namespace) -> LicenseClient:
    product = getattr(
        options, "product", os.environ.get("PORTAL_LICENSING_PRODUCT", "product.json")
    )
    storage = getattr(
        options, "storage", os.environ.get("PORTAL_LICENSING_STORAGE", "licence-data")
    )
    fingerprint = getattr(options, "fingerprint", None)
    return LicenseClient(Product.load(product), storage, fingerprint=fingerprint)


def _fingerprint(options: argparse.Namespace) -> int:
    print(_client(options).fingerprint)
    return OK


def _request(options: argparse.Namespace) -> int:
    client = _client(options)
    text = client.request_activation(options.key, **_facts(options))
    return _write(options.out, text, client.product)


def _trial_request(options: argparse.Namespace) -> int:
    client = _client(options)
    return _write(options.out, client.request_trial(**_facts(options)), client.product)


def _install(options: argparse.Namespace) -> int:
    return _report(_client(options).install(_read(options.file)))


def _status(options: argparse.Namespace) -> int:
    check = _client(options).check()
    if not options.json:
        return _report(check)
    facts = {"status": check.status.value, "valid": check.valid, "claims": dict(check.claims)}
    print(json.dumps(facts, indent=2))
    return OK if check.valid else REFUSED


def _deactivate(options: argparse.Namespace) -> int:
    client = _client(options)
    return _write(options.out, client.request_deactivation(), client.product)


def _receipt(options: argparse.Namespace) -> int:
    _client(options).accept_receipt(_read(options.file))
    print("The portal has taken the seat back.")
    return OK


def _report(check: Check) -> int:
    print(check.status.sentence)
    if check.status is not Status.NOT_ACTIVATED and check.claims:
        print(f"Licence: {check.claims.get('key', '')}")
        print(f"Valid until: {_date(check.claims.get('eat', 0))}")
    return OK if check.valid else REFUSED


def _date(seconds: int) -> str:
    if not seconds:
        return "no end"
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _facts(options: argparse.Namespace) -> dict[str, object]:
    return {
        "hostname": options.hostname,
        "app_version": options.app_version,
        "metadata": dict(_pair(text) for text in options.metadata),
        "meter_attributes": {name: _number(uses) for name, uses in map(_pair, options.meter)},
    }


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InvalidInput(f"{text!r} is not of the form NAME=VALUE")
    return name, value


def _number(text: str) -> int:
    if not text.isdecimal():
        raise InvalidInput(f"{text!r} is not a whole number")
    return int(text)


def _read(name: str) -> bytes | str:
    if name != "-":
        return Path(name).read_bytes()
    content: bytes | str = getattr(sys.stdin, "buffer", sys.stdin).read()
    return content


def _write(name: str, text: str, product: Product) -> int:
    if name == "-":
        print(text)
    else:
        Path(name).write_text(text + "\n", encoding="utf-8")
        where = f", {product.portal.rstrip('/')}/offline/" if product.portal else ""
        print(f"Wrote {name}: hand it in on the Offline page of the portal{where}.")
    return OK
