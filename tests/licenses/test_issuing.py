"""One length and one day by every door: form, CSV, command; and what the e-mail says of it."""

from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from licenses.ends import End
from licenses.models import License, LicensePolicy
from tenancy.door import inside
from tests.imports.test_customers import confirmed, started
from tests.world import World, set_vendor, signed_in


def by_form(world: World, validity: str, until: str) -> None:
    form = {
        "email": "eve@example.com", "first_name": "", "last_name": "", "company": "",
        "product": str(world.orbit.pk), "policy": "", "allowed_activations": "",
        "validity": validity, "expires_on": until, "key": "", "notes": "", "send": "on",
    }  # fmt: skip
    answer = signed_in(world.acme_admin).post("/licenses/license/add/", form)
    assert answer.status_code == 302, answer.content.decode()


def by_csv(world: World, validity: str, until: str) -> None:
    text = f"product,email,validity,expires_at\nOrbit,eve@example.com,{validity},{until}\n"
    row = confirmed(world, started(world, text, "licenses", send_emails=True))
    assert row.state == "done", (row.preview, row.errors)


def by_command(world: World, validity: str, until: str) -> None:
    given = [
        *(["--validity", validity] if validity else []),
        *(["--until", until] if until else []),
    ]
    issued(*given)


def issued(*given: str) -> str:
    out = StringIO()
    call_command("issue_license", "acme", "Orbit", "eve@example.com", *given, stdout=out)
    return out.getvalue()


DOORS = [by_form, by_csv, by_command]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("asked", "last_day"),
    [
        (("2 years", ""), date(2028, 11, 25)),
        (("12 months", ""), date(2027, 11, 25)),
        (("1 year 6 months", ""), date(2028, 5, 25)),
        (("18 Monate", ""), date(2028, 5, 25)),
        (("P30D", ""), date(2026, 12, 25)),
        (("", "2027-12-31"), date(2027, 12, 31)),
        (("1 year", "2027-01-31"), date(2027, 1, 31)),
    ],
)
def test_every_door_gives_the_same_day(
    world: World, frozen_time: Any, door: Any, asked: tuple[str, str], last_day: date
) -> None:
    set_vendor(world.acme, time_zone="Europe/Berlin")
    frozen_time.move_to(datetime(2026, 11, 24, 23, 30, tzinfo=UTC))  # 25 November in Berlin
    door(world, *asked)
    with inside(world.acme):
        license = License.objects.get(user__email="eve@example.com")
    assert license.expires_on == last_day
    assert license.expires_at
    assert license.expires_at.isoformat().endswith(("T22:59:59+00:00", "T21:59:59+00:00"))
    [message] = mail.outbox
    day = f"{last_day.day} {last_day:%B %Y}"
    assert f"Valid: until {day}\n" in message.body
    assert "UTC" not in message.body


@pytest.mark.parametrize("door", DOORS)
def test_every_door_gives_the_same_moment(world: World, door: Any) -> None:
    set_vendor(world.acme, time_zone="Europe/Berlin")
    door(world, "8 hours", "")
    with inside(world.acme):
        license = License.objects.get(user__email="eve@example.com")
    assert license.end == End(datetime(2026, 11, 24, 20, tzinfo=UTC))
    assert "Valid: until 24 November 2026, 21:00 CET\n" in mail.outbox[0].body


@pytest.mark.parametrize("door", DOORS)
def test_perpetual_is_typed_and_has_no_end(world: World, door: Any) -> None:
    door(world, "perpetual", "")
    with inside(world.acme):
        license = License.objects.get(user__email="eve@example.com")
    assert (license.end, license.subscription_interval) == (None, "")
    assert "Valid: No end\n" in mail.outbox[0].body


# --- The command --------------------------------------------------------------------------------


def test_the_command_tells_key_and_end(acme: World) -> None:
    policy = {"name": "Yearly", "subscription_interval": "P1Y", "allowed_activations": 7}
    LicensePolicy.objects.create(vendor=acme.acme, **policy)
    told = issued("--policy", "Yearly", "--key", "EVE000-ACME-ORBIT-0009", "--no-email")
    assert told == "EVE000-ACME-ORBIT-0009\tuntil 24 November 2027\n"
    license = License.objects.get(key="EVE000-ACME-ORBIT-0009")
    assert (license.allowed_activations, license.policy and license.policy.name) == (7, "Yearly")
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["--validity", "365"], "365 of what? Type “365 days” or “365 months”."),
        (["--validity", "soon"], "Type a length such as 1 year"),
        (["--until", "31.12.2027"], "This is no day such as 2027-12-31: '31.12.2027'."),
        (["--until", "2026-11-23"], "This day is over"),
        (["--policy", "Nothing"], "There is no licence policy named 'Nothing'."),
        (["--policy", "none", "--key", "short"], "A key is 16 to 256 visible characters"),
        (["--policy", "none", "--seats", "-2"], "greater than or equal to -1"),
    ],
)
def test_the_command_refuses_and_makes_nothing(
    acme: World, given: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError) as refused:
        issued(*given)
    assert sentence in str(refused.value)
    assert not License.objects.filter(user__email="eve@example.com").exists()


def test_the_command_names_what_is_not_there(world: World) -> None:
    with pytest.raises(CommandError, match="There is no vendor"):
        call_command("issue_license", "nobody", "Orbit", "eve@example.com")
    with pytest.raises(CommandError, match="There is no product named 'Quill'"):
        call_command("issue_license", "acme", "Quill", "eve@example.com")
    with pytest.raises(CommandError, match="member of your staff"):
        call_command("issue_license", "acme", "Orbit", "admin@acme.example", "--policy", "none")
