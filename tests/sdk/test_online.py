"""The SDK on a machine with a network, at a served portal."""

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal_licensing import OnlineClient, Status, Syncing, Web, errors, refusals
from portal_licensing.background import interval
from portal_licensing.cli import main
from tests.sdk.conftest import Clock, Shop
from tests.served import free_port

pytestmark = pytest.mark.processes

MINUTE, HOUR, DAY = 60, 3600, 86400
OTHER_KEY = "AAAAAA-AAAAAA-AAAAAA-AAAAAA-AAAAAA-AAAAAA"


def nowhere() -> Web:
    """A server that is gone."""
    return Web(f"http://127.0.0.1:{free_port()}/v3", pause=lambda _seconds: None)


def until(happened: Any, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "It never happened."
        time.sleep(0.05)


# --- Seats -------------------------------------------------------------------------------------


def test_a_machine_is_activated_confirmed_and_given_back(shop: Shop, tmp_path: Path) -> None:
    license, client = shop.license(), shop.client(tmp_path)
    check = client.activate(f" {license['key'].lower()} ", hostname="lab", app_version="4.2.1")
    assert (check.status, client.is_online, shop.seats(license)) == (Status.VALID, True, 1)
    again = client.activate(license["key"])
    assert again.claims["aid"] == check.claims["aid"]
    assert client.sync().valid
    client.deactivate()
    assert (client.check().status, client.is_online) == (Status.NOT_ACTIVATED, False)
    assert shop.seats(license) == 0
    with pytest.raises(errors.NotActivated):
        client.deactivate()


def test_a_seat_that_is_gone_already_is_given_back_all_the_same(shop: Shop, tmp_path: Path) -> None:
    client = shop.client(tmp_path)
    check = client.activate(shop.license()["key"])
    shop.call("DELETE", f"activations/{check.claims['aid']}")
    client.deactivate()
    assert client.check().status is Status.NOT_ACTIVATED


def test_a_deactivation_that_is_refused_keeps_the_seat(shop: Shop, tmp_path: Path) -> None:
    client = shop.client(tmp_path)
    client.activate(shop.license(allowedDeactivations=0)["key"])
    with pytest.raises(refusals.DeactivationLimitReached):
        client.deactivate()
    assert client.check().valid


@pytest.mark.parametrize(
    ("key", "about", "error"),
    [
        (OTHER_KEY, {}, refusals.InvalidLicenseKey),
        ("", {}, errors.InvalidInput),
        ("", {"lease_duration": 0}, errors.InvalidInput),
        (OTHER_KEY, {"metadata": {"a": "b\n"}}, errors.InvalidInput),
    ],
)
def test_what_can_not_be_activated(
    shop: Shop, tmp_path: Path, key: str, about: dict[str, Any], error: type[Exception]
) -> None:
    client = shop.client(tmp_path)
    with pytest.raises(error):
        client.activate(key, **about)
    assert client.check().status is Status.NOT_ACTIVATED


def test_errors_are_classes_by_code_with_the_servers_sentence(shop: Shop, tmp_path: Path) -> None:
    license = shop.license(allowedActivations=1)
    shop.client(tmp_path, "first").activate(license["key"])
    with pytest.raises(refusals.ActivationLimitReached) as refused:
        shop.client(tmp_path, "second").activate(license["key"])
    error = refused.value
    assert (error.code, error.status) == ("ACTIVATION_LIMIT_REACHED", 400)
    assert str(error) == "All seats of this licence are in use."
    shop.change(license, requireAuthentication=True)
    with pytest.raises(refusals.AuthenticationFailed):
        shop.client(tmp_path, "first").activate(
            license["key"], email="ada@example.com", password="wrong"
        )
    unknown = refusals.refusal("SOMETHING_NEW", "Something new.", status=400)
    assert (type(unknown), unknown.code, str(unknown)) == (
        refusals.Refused,
        "SOMETHING_NEW",
        "Something new.",
    )


def test_an_online_token_is_no_response_to_a_request(shop: Shop, tmp_path: Path) -> None:
    license, client = shop.license(), shop.client(tmp_path)
    client.activate(license["key"])
    token = client.storage.read().token
    client.request_activation(license["key"])
    with pytest.raises(errors.OtherMachine):
        client.install(token)


def test_a_seat_that_was_taken_online_is_not_given_back_by_a_file(
    shop: Shop, tmp_path: Path
) -> None:
    client = shop.client(tmp_path)
    client.activate(shop.license()["key"])
    with pytest.raises(errors.ActivatedOnline):
        client.request_deactivation()
    assert client.check().valid


def test_who_goes_online_keeps_the_seat_that_was_taken_by_a_file(
    shop: Shop, tmp_path: Path
) -> None:
    license, client = shop.license(), shop.client(tmp_path)
    request = client.request_activation(license["key"])
    body = {"offlineRequest": request, "licenseId": license["id"]}
    response = shop.call("POST", "activations/offline-activate", body)["offlineResponse"]
    by_file = client.install(response)
    with pytest.raises(errors.NotActivated):
        client.sync()
    assert client.find_update("4.1.0", platform="linux")
    online = client.activate(license["key"])
    assert (online.claims["aid"], shop.seats(license)) == (by_file.claims["aid"], 1)
    client.deactivate()
    assert shop.seats(license) == 0


def test_a_copied_folder_is_of_another_machine(shop: Shop, tmp_path: Path) -> None:
    client = shop.client(tmp_path)
    client.activate(shop.license()["key"])
    copy = OnlineClient(shop.product, client.storage.folder, fingerprint="g" * 64)
    assert copy.check().status is Status.OTHER_MACHINE
    with pytest.raises(errors.OtherMachine):
        copy.sync()


def test_a_trial_is_one_alone(shop: Shop, tmp_path: Path) -> None:
    client = shop.client(tmp_path, "tries")
    if not shop.call("GET", f"products/{shop.product.id}").get("trialPolicy"):
        policy = shop.call("POST", "trial-policies", {"name": "SDK", "trialLength": 30 * DAY})
        shop.call("PATCH", f"products/{shop.product.id}", {"trialPolicyId": policy["id"]})
    first = client.start_trial()
    assert (first.valid, first.claims["type"]) == (True, "trial")
    assert client.sync().claims["eat"] == first.claims["eat"]
    client.deactivate()
    assert client.start_trial().claims["eat"] == first.claims["eat"]


# --- What the vendor changes -------------------------------------------------------------------


def test_suspended_until_it_is_lifted(shop: Shop, tmp_path: Path) -> None:
    license, client = shop.license(), shop.client(tmp_path)
    client.activate(license["key"])
    shop.change(license, suspended=True)
    assert client.check().valid  # nobody has told yet
    assert client.sync().status is Status.SUSPENDED
    shop.change(license, suspended=False)
    assert client.sync().valid


def test_revoked_is_kept_until_it_is_lifted(shop: Shop, tmp_path: Path) -> None:
    license, client = shop.license(), shop.client(tmp_path)
    client.activate(license["key"])
    shop.change(license, revoked=True)
    with pytest.raises(refusals.RevokedLicense):
        client.sync()
    client.web = nowhere()
    assert client.check().status is Status.REVOKED
    client.web = shop.web
    with pytest.raises(refusals.RevokedLicense):
        client.activate(license["key"])
    shop.change(license, revoked=False)
    assert client.activate(license["key"]).valid


def test_a_machine_that_support_has_released(shop: Shop, tmp_path: Path) -> None:
    client = shop.client(tmp_path)
    check = client.activate(shop.license()["key"])
    shop.call("DELETE", f"activations/{check.claims['aid']}")
    assert client.check().valid
    with pytest.raises(refusals.ActivationNotFound):
        client.sync()
    assert client.check().status is Status.NOT_ACTIVATED


def test_expired_by_the_tokens_end(shop: Shop, tmp_path: Path, clock: Clock) -> None:
    license = shop.license(validity=DAY)
    client = shop.client(tmp_path, clock=clock)
    client.activate(license["key"])
    clock.wrong_by = 23 * HOUR
    assert client.check().valid
    clock.wrong_by = 49 * HOUR  # it ends with a whole day
    assert client.check().status is Status.EXPIRED


# --- Without a server, and with a wrong clock --------------------------------------------------


def test_without_a_server_it_is_valid_until_the_grace_period_ends(
    shop: Shop, tmp_path: Path, clock: Clock
) -> None:
    license = shop.license(serverSyncInterval=HOUR, serverSyncGracePeriod=DAY)
    client = shop.client(tmp_path, clock=clock)
    client.activate(license["key"])
    client.web = nowhere()
    with pytest.raises(errors.LicensingError) as error:
        client.sync()
    assert isinstance(error.value, refusals.ServerUnreachable)
    clock.wrong_by = DAY
    assert client.check().valid
    clock.wrong_by = DAY + HOUR
    assert client.check().status is Status.SYNC_OVERDUE
    clock.wrong_by = 0
    client.web = shop.web
    # The clock was ahead; the server's later word sets right what was remembered of it.
    assert client.check().status is Status.CLOCK_TAMPERED
    time.sleep(1.1)
    assert client.sync().valid


def test_a_clock_that_is_set_back_is_noticed(shop: Shop, tmp_path: Path, clock: Clock) -> None:
    client = shop.client(tmp_path, clock=clock)
    client.activate(shop.license()["key"])
    clock.wrong_by = -2 * DAY
    assert client.check().status is Status.NOT_YET
    clock.wrong_by = 3 * DAY
    assert client.check().valid
    clock.wrong_by = 2 * DAY
    assert client.check().status is Status.CLOCK_TAMPERED


def test_an_older_answer_takes_nothing_back(shop: Shop, tmp_path: Path) -> None:
    license, client = shop.license(), shop.client(tmp_path)
    before = client.activate(license["key"]).claims
    older = client.storage.read().token
    shop.change(license, suspended=True)
    time.sleep(1.1)
    assert client.sync().status is Status.SUSPENDED
    assert client._confirm(older, before).status is Status.SUSPENDED


# --- Leases ------------------------------------------------------------------------------------


def floating(shop: Shop, **terms: Any) -> dict[str, Any]:
    return shop.license(
        **{"type": "hosted-floating", "allowedActivations": 1, "leaseDuration": 2, **terms}
    )


def test_a_lease_is_renewed_in_time_and_given_back(shop: Shop, tmp_path: Path) -> None:
    # As short as a busy machine lets it be.
    license, client = floating(shop, leaseDuration=4), shop.client(tmp_path)
    first = client.activate(license["key"]).claims
    assert interval(first) == 2
    found: list[bool] = []
    with Syncing(client, on_check=lambda check: found.append(check.valid)) as syncing:
        until(lambda: client.check().claims["leat"] >= first["leat"] + 3)
        assert client.check().claims["aid"] == first["aid"]
        assert (syncing.problem, shop.seats(license)) == (None, 1)
    assert all(found)
    assert len(found) >= 2
    assert (client.check().status, shop.seats(license)) == (Status.NOT_ACTIVATED, 0)
    syncing.stop()


def test_a_lease_that_has_ended_is_taken_anew_if_there_is_a_seat(
    shop: Shop, tmp_path: Path
) -> None:
    license = floating(shop, leaseDuration=1)
    client, other = shop.client(tmp_path), shop.client(tmp_path, "other")
    first = client.activate(license["key"]).claims
    time.sleep(2.1)
    assert client.check().status is Status.LEASE_EXPIRED
    shop.change(license, leaseDuration=HOUR)
    other.activate(license["key"])
    with pytest.raises(refusals.ActivationLimitReached):
        client.sync()
    other.deactivate()
    again = client.activate(license["key"])
    assert again.valid
    assert again.claims["aid"] != first["aid"]
    shop.call("DELETE", f"activations/{again.claims['aid']}")
    assert client.sync().claims["aid"] not in {first["aid"], again.claims["aid"]}


def test_as_long_as_the_program_wishes_where_it_may(shop: Shop, tmp_path: Path) -> None:
    license = floating(shop, leaseDuration=60, allowClientLeaseDuration=True)
    client = shop.client(tmp_path)
    for claims in (
        client.activate(license["key"], lease_duration=600).claims,
        client.sync().claims,
    ):
        # It begins before the token is made.
        assert claims["leat"] - claims["iat"] in {599, 600}


def test_syncing_outlasts_a_server_that_is_gone_for_a_while(shop: Shop, tmp_path: Path) -> None:
    license, client = shop.license(serverSyncInterval=1), shop.client(tmp_path)
    client.activate(license["key"])
    client.web = nowhere()
    with Syncing(client) as syncing:
        until(lambda: isinstance(syncing.problem, refusals.ServerUnreachable))
        shop.change(license, suspended=True)
        client.web = shop.web
        until(lambda: client.check().status is Status.SUSPENDED)
        until(lambda: syncing.problem is None)
    assert shop.seats(license) == 1  # no lease: it keeps its seat


# --- Threads and programs ----------------------------------------------------------------------

PROGRAM = """
import json, sys, time
from portal_licensing import OnlineClient, Product, Syncing
product, folder, api, fingerprint, key, what = sys.argv[1:]
client = OnlineClient(Product.from_json(json.loads(product)), folder, api=api, fingerprint=fingerprint)
print(client.activate(key).status.value, flush=True)
syncing = Syncing(client)
syncing.start()
if what == "hammers":
    for _ in range(20):
        client.sync()
        assert client.check().valid
elif what == "waits":
    sys.stdin.read()
print(client.check().status.value, flush=True)
"""


def program(shop: Shop, folder: Path, key: str, what: str) -> "subprocess.Popen[str]":
    """Another program on the machine, which never stops its thread."""
    product = json.dumps(shop.product_file)
    arguments = [product, folder, shop.web.address, "f" * 64, key, what]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        env={"PYTHONPATH": str(Path("sdk/python/src").absolute())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(running: "subprocess.Popen[str]") -> list[str]:
    output, _none = running.communicate(timeout=60)
    assert running.returncode == 0
    return output.split()


def test_the_thread_ends_with_the_program_and_gives_the_lease_back(
    shop: Shop, tmp_path: Path
) -> None:
    license = floating(shop, leaseDuration=3600)
    started = time.monotonic()
    assert said(program(shop, tmp_path, license["key"], "ends")) == ["valid", "valid"]
    assert time.monotonic() - started < 10
    assert shop.seats(license) == 0
    assert [path.name for path in tmp_path.glob("user-*")] == []


def test_of_two_programs_the_last_gives_the_lease_back(shop: Shop, tmp_path: Path) -> None:
    license = floating(shop, leaseDuration=3600)
    first = program(shop, tmp_path, license["key"], "waits")
    assert first.stdout
    assert first.stdout.readline() == "valid\n"
    assert said(program(shop, tmp_path, license["key"], "ends")) == ["valid", "valid"]
    assert shop.seats(license) == 1
    killed = program(shop, tmp_path, license["key"], "waits")
    assert killed.stdout
    assert killed.stdout.readline() == "valid\n"
    killed.kill()
    killed.communicate()
    assert said(first) == ["valid"]
    assert shop.seats(license) == 0


def test_programs_and_threads_share_a_folder(shop: Shop, tmp_path: Path) -> None:
    license = shop.license(allowedActivations=1)
    running = [program(shop, tmp_path, license["key"], "hammers") for _ in range(2)]
    client = OnlineClient(shop.product, tmp_path, web=shop.web, fingerprint="f" * 64)
    client.activate(license["key"])
    found: list[Status] = []

    def check() -> None:
        for _ in range(50):
            found.append(client.check().status)

    threads = [threading.Thread(target=check) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [said(each) for each in running] == [["valid", "valid"]] * 2
    assert set(found) == {Status.VALID}
    assert shop.seats(license) == 1


def test_what_another_thread_gave_back_stays_given_back(shop: Shop, tmp_path: Path) -> None:
    """A sync that was under way does not bring an activation back."""
    client = shop.client(tmp_path)
    claims = client.activate(shop.license()["key"]).claims
    token = client.storage.read().token
    client.deactivate()
    assert client._confirm(token, claims).status is Status.NOT_ACTIVATED


# --- Meters and metadata -----------------------------------------------------------------------


def test_meters_count_up_to_their_limit(shop: Shop, tmp_path: Path) -> None:
    meters = [
        {"name": "pages", "allowedUses": 10, "visible": True, "floating": True},
        {"name": "exports", "allowedUses": -1, "visible": True},
    ]
    client = shop.client(tmp_path)
    client.activate(shop.license(meterAttributes=meters)["key"], meter_attributes={"pages": 2})
    assert client.uses("pages").uses == 2
    uses = client.increment("pages", 7)
    assert (uses.name, uses.uses, uses.total, uses.gross, uses.allowed) == ("pages", 9, 9, 9, 10)
    with pytest.raises(refusals.MeterLimitReached):
        client.increment("pages", 2)
    assert client.decrement("pages").uses == 8
    assert client.uses("pages").total == 8
    assert client.increment("exports").allowed is None
    with pytest.raises(refusals.MeterNotFound):
        client.increment("nothing")
    assert client.sync().claims["ama"] == [
        {"name": "pages", "uses": 8},
        {"name": "exports", "uses": 1},
    ]


def test_metadata_of_the_machine_and_what_it_may_read(shop: Shop, tmp_path: Path) -> None:
    values = [
        {"key": "edition", "value": "Pro", "visible": True},
        {"key": "margin", "value": "30 %", "visible": False},
    ]
    client = shop.client(tmp_path)
    client.activate(shop.license(metadata=values)["key"], metadata={"room": "12", "rack": "A"})
    assert client.metadata("license") == {"edition": "Pro"}
    assert client.metadata("activation") == {"room": "12", "rack": "A"}
    client.sync()
    assert client.metadata("activation") == {"room": "12", "rack": "A"}
    client.sync(metadata={"room": "13"})
    assert client.metadata("activation") == {"room": "13"}


# --- Updates -----------------------------------------------------------------------------------


def test_an_update_is_found_and_downloaded(shop: Shop, tmp_path: Path) -> None:
    client = shop.client(tmp_path)
    with pytest.raises(errors.NotActivated):
        client.find_update("4.1.0", platform="linux")
    client.activate(shop.license()["key"])
    release = client.find_update("4.1.0", platform="linux")
    assert release
    assert (release.version, release.platforms, release.channel) == ("4.2.1", ("linux",), "stable")
    assert "## Corrected" in release.notes
    assert client.find_update("4.2.1", platform="linux") is None
    beta = client.latest(platform="windows", channel="beta")
    assert (beta.version, client.latest(platform="linux").id) == ("5.0.0", release.id)
    [file] = release.files
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / f".{file.name}.part").write_bytes(b"")
    path = client.download(file, folder)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    whole = path.read_bytes()
    path.unlink()
    (folder / f".{file.name}.part").write_bytes(whole[:100_000])
    assert client.download(file, folder).read_bytes() == whole
    with pytest.raises(refusals.Refused):
        client.latest(platform="android")
    with pytest.raises(refusals.Refused) as refused:
        client.find_update("four", platform="linux")
    assert refused.value.code == "INVALID_REQUEST"


def test_a_release_that_the_licence_does_not_cover(shop: Shop, tmp_path: Path) -> None:
    license, client = shop.license(), shop.client(tmp_path)
    client.activate(license["key"])
    release = client.latest(platform="linux")
    shop.change(license, revoked=True)
    with pytest.raises(refusals.Refused) as refused:
        client.download(release.files[0], tmp_path / "files")
    assert refused.value.code == "REVOKED_LICENSE"
    assert list((tmp_path / "files").iterdir()) == []


# --- On the command line -----------------------------------------------------------------------


@pytest.fixture
def typed(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command; its exit code, and what it prints."""
    monkeypatch.chdir(tmp_path)
    Path("product.json").write_text(json.dumps(shop.product_file))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["--fingerprint", "c" * 64, *arguments])
        return (code, *capfd.readouterr())

    return run


def test_from_activation_to_the_seat_given_back(
    shop: Shop, typed: Callable[..., tuple[int, str, str]]
) -> None:
    meters = [{"name": "pages", "allowedUses": 3, "visible": True, "floating": True}]
    license = shop.license(meterAttributes=meters)
    code, said, _none = typed("activate", "--key", license["key"], "--metadata", "room=12")
    assert (code, f"Licence: {license['key']}" in said) == (0, True)
    assert typed("sync", "--metadata", "room=13")[0] == 0
    assert json.loads(typed("metadata", "activation")[1]) == {"room": "13"}
    assert typed("meter", "pages", "--add", "2")[1] == "pages: 2 here, 2 in all of 3\n"
    assert "[METER_ATTRIBUTE_USES_LIMIT_REACHED]" in typed("meter", "pages", "--add", "2")[2]
    assert typed("meter", "pages", "--subtract", "1")[1].startswith("pages: 1 here")
    code, said, _none = typed(
        "update", "--version", "4.1", "--platform", "linux", "--download", "new"
    )
    assert (code, said.splitlines()[0]) == (0, "4.2.1 (stable), for linux")
    assert [path.name for path in Path("new").iterdir()] == ["orbit-4.2.1-linux.tar.gz"]
    assert typed("update", "--version", "4.2.1", "--platform", "linux")[0] == 1
    assert typed("latest", "--platform", "windows")[1].startswith("4.2.1")
    assert typed("deactivate") == (0, "The seat is free again.\n", "")
    assert (typed("status")[0], shop.seats(license)) == (1, 0)


def test_a_command_that_runs_as_long_as_the_licence_is_valid(
    shop: Shop, typed: Callable[..., tuple[int, str, str]]
) -> None:
    license = floating(shop, leaseDuration=3600)
    prints = (sys.executable, "-c", "print('it runs'); raise SystemExit(3)")
    assert typed("run", "--", *prints)[0] == 1  # not activated
    assert typed("activate", "--key", license["key"])[0] == 0
    assert typed("run", "--", *prints)[:2] == (3, "it runs\n")
    assert shop.seats(license) == 0
    assert "[INVALID_INPUT]" in typed("run")[2]


def test_another_address(shop: Shop, typed: Callable[..., tuple[int, str, str]]) -> None:
    license = shop.license()
    code, _none, said = typed("--api", "http://127.0.0.1:9/v3", "trial", "--hostname", "lab")
    assert (code, "[SERVER_UNREACHABLE]" in said) == (1, True)
    key = ("activate", "--key", license["key"])
    assert "[INVALID_INPUT]" in typed("--api", "http://elsewhere.example", *key)[2]
    assert typed("--api", shop.web.address, *key)[0] == 0
