"""The command line of the SDK: the machine's side, for scripts, tests and curious people."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from portal_licensing.background import Syncing
from portal_licensing.client import Check, LicenseClient, Status
from portal_licensing.errors import InvalidInput, LicensingError
from portal_licensing.online import METADATA, OnlineClient, Uses
from portal_licensing.product import Product
from portal_licensing.releases import Release

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
    common.add_argument("--api", metavar="URL", help="the Web API, if not the product file's")
    parser = argparse.ArgumentParser(
        prog="portal_licensing",
        description="Licences for machines with a network and without.",
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
    activate = add("activate", _activate, "take a seat by the Web API")
    activate.add_argument("--key", required=True, help="the licence key")
    activate.add_argument("--email", default="", help="the customer's, where the licence asks")
    activate.add_argument("--lease", type=int, default=0, metavar="SECONDS")
    online_trial = add("trial", _trial, "begin a trial by the Web API")
    for command in (request, trial):
        command.add_argument("--out", default="activation-request.dat", metavar="FILE")
    for command in (request, trial, activate, online_trial):
        command.add_argument("--hostname", default=None)
        command.add_argument("--app-version", default="")
        command.add_argument("--metadata", action="append", default=[], metavar="KEY=VALUE")
        command.add_argument("--meter", action="append", default=[], metavar="NAME=USES")
    install = add("install", _install, "install the portal's response")
    install.add_argument("file", metavar="FILE", help="the response; - reads standard input")
    status = add("status", _status, "check the licence, as the program does at each start")
    status.add_argument("--json", action="store_true", help="print JSON")
    sync = add("sync", _sync, "have the licence confirmed by the Web API")
    sync.add_argument("--metadata", action="append", default=[], metavar="KEY=VALUE")
    run = add("run", _run, "keep the licence confirmed while a command runs; give a lease back")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="COMMAND")
    meter = add("meter", _meter, "say, or change, how often a feature was used")
    meter.add_argument("name", metavar="NAME")
    meter.add_argument("--add", type=int, default=0, metavar="N")
    meter.add_argument("--subtract", type=int, default=0, metavar="N")
    metadata = add("metadata", _metadata, "print what the program may know, as JSON")
    metadata.add_argument("of", choices=sorted(METADATA))
    update = add("update", _update, "look for a newer release; exit code 1 if there is none")
    update.add_argument("--version", required=True, help="the version that is installed")
    latest = add("latest", _latest, "look for the newest release")
    for command in (update, latest):
        command.add_argument("--platform", default="", help="another one than this machine's")
        command.add_argument("--channel", default="")
        command.add_argument("--download", metavar="DIR", help="download its files, too")
    deactivate = add(
        "deactivate",
        _deactivate,
        "give the seat back, or write a deactivation request; stop working",
    )
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


def _online(options: argparse.Namespace) -> OnlineClient:
    offline = _client(options)
    api = getattr(options, "api", os.environ.get("PORTAL_LICENSING_API", ""))
    folder, fingerprint = offline.storage.folder, offline.fingerprint
    return OnlineClient(offline.product, folder, api=api, fingerprint=fingerprint)


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


def _activate(options: argparse.Namespace) -> int:
    # A password on the command line is for everybody to read.
    password = os.environ.get("PORTAL_LICENSING_PASSWORD", "") if options.email else ""
    check = _online(options).activate(
        options.key,
        email=options.email,
        password=password,
        lease_duration=options.lease,
        **_facts(options),
    )
    return _report(check)


def _trial(options: argparse.Namespace) -> int:
    return _report(_online(options).start_trial(**_facts(options)))


def _sync(options: argparse.Namespace) -> int:
    metadata = dict(_pair(text) for text in options.metadata) or None
    return _report(_online(options).sync(metadata=metadata))


def _run(options: argparse.Namespace) -> int:
    """The command's exit code, or 1 where the licence lets nothing run."""
    command = [each for n, each in enumerate(options.arguments) if n or each != "--"]
    if not command:
        raise InvalidInput("no command to run")
    client = _online(options)
    with Syncing(client):
        check = client.check()
        return subprocess.run(command, check=False).returncode if check.valid else _report(check)


def _meter(options: argparse.Namespace) -> int:
    uses = _online(options).increment(options.name, options.add - options.subtract)
    print(_uses(uses))
    return OK


def _uses(uses: Uses) -> str:
    allowed = "any number" if uses.allowed is None else uses.allowed
    return f"{uses.name}: {uses.uses} here, {uses.total} in all of {allowed}"


def _metadata(options: argparse.Namespace) -> int:
    print(json.dumps(_online(options).metadata(options.of), indent=2, ensure_ascii=False))
    return OK


def _update(options: argparse.Namespace) -> int:
    client = _online(options)
    asked = {"platform": options.platform, "channel": options.channel}
    release = client.find_update(options.version, **asked)
    if release is None:
        print("There is no newer release for this licence.")
        return REFUSED
    return _offer(client, release, options)


def _latest(options: argparse.Namespace) -> int:
    client = _online(options)
    release = client.latest(platform=options.platform, channel=options.channel)
    return _offer(client, release, options)


def _offer(client: OnlineClient, release: Release, options: argparse.Namespace) -> int:
    print(f"{release.version} ({release.channel}), for {', '.join(release.platforms)}")
    for file in release.files:
        where = client.download(file, options.download) if options.download else file.name
        print(f"{where}  {file.size} bytes  sha256:{file.sha256}")
    return OK


def _status(options: argparse.Namespace) -> int:
    check = _client(options).check()
    if not options.json:
        return _report(check)
    facts = {"status": check.status.value, "valid": check.valid, "claims": dict(check.claims)}
    print(json.dumps(facts, indent=2))
    return OK if check.valid else REFUSED


def _deactivate(options: argparse.Namespace) -> int:
    client = _client(options)
    if client.is_online:
        _online(options).deactivate()
        print("The seat is free again.")
        return OK
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
