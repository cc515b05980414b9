"""Payment bridges that others wrote, call by call.

They are no packages, so that they are not run here: these are the calls that they made when they
ran as they are, with nothing but the base URL and a token set, for signed events of Stripe, Paddle
and FastSpring. `reads` has what a bridge takes from an answer.

- cryptlex/third-party-integrations at 598da0faf4a4 (2.3.0): stripe, paddle, fastspring
- cryptlex/cryptlex-stripe-integration at 7f804fce0c49, the older one for Stripe
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import time_machine
from django.core import mail

from accounts.models import Role, User
from licenses.models import LicenseMetadata, LicensePolicy
from licenses.verbs.policies import create_policy
from tenancy.door import inside
from tests.api.program import Program, program_of
from tests.world import World, set_vendor, user

# What docs/payments.md tells to give a bridge's token, and its person's role.
SCOPES = ("license:write", "user:write", "licensePolicy:read")
CLAIMS = (
    "accounts.view_user",
    "accounts.add_user",
    "accounts.change_user",
    "licenses.view_license",
    "licenses.add_license",
    "licenses.change_license",
    "licenses.delete_license",
    "licenses.view_licensemetadata",
    "licenses.add_licensemetadata",
    "licenses.change_licensemetadata",
    "licenses.view_licensepolicy",
)
SOME: Any = object()  # there, whatever it is


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `{name}` in its path and body stands for what is known by that name. Its answer is
    one object, or a list of `number`. `keeps` names the id of the answer, or of a list's first."""

    method: str
    path: str
    status: int
    body: Mapping[str, Any] | None = None
    reads: Mapping[str, Any] = field(default_factory=dict)
    number: int | None = None
    keeps: str = ""


Event = tuple[str, list[Call]]  # what came from the payment system, and what the bridge did then


def person_at(email: str, number: int, keeps: str = "") -> Call:
    return Call("GET", f"/v3/users?email[eq]={email}", 200, number=number, keeps=keeps)


def of_customer(id: str, number: int, keeps: str = "") -> Call:
    query = f"metadata.key[eq]=paddle_customer_id&metadata.value[eq]={id}&limit=1"
    return Call("GET", f"/v3/users?{query}", 200, number=number, keeps=keeps)


def of_subscription(
    key: str, value: str, number: int = 1, product: bool = False, **more: Any
) -> Call:
    named = "productId[eq]={product}&" if product else ""
    query = f"{named}metadata.key[eq]={key}&metadata.value[eq]={value}"
    return Call("GET", f"/v3/licenses?{query}", 200, number=number, keeps="license", **more)


def new_license(key: str, value: str, ends: Any, **more: Any) -> Call:
    """A licence for {user} that ends then, with a value that its customer doesn't see."""
    entry = {"key": key, "value": value, "viewPermissions": []}
    more.setdefault("licenseTemplateId", "{yearly}")
    body = {"productId": "{product}", "userId": "{user}", "metadata": [entry], **more}
    if more["licenseTemplateId"] is None:
        del body["licenseTemplateId"]
    return Call("POST", "/v3/licenses", 201, body, {"id": SOME, "key": SOME, "expiresAt": ends})


def renewal(ends: str) -> Call:
    return Call("POST", "/v3/licenses/{license}/renew", 200, reads={"id": SOME, "expiresAt": ends})


def suspension(suspended: bool) -> Call:
    body = {"suspended": suspended}
    return Call("PATCH", "/v3/licenses/{license}", 200, body, {"id": SOME, "suspended": suspended})


def end_at(moment: str, reads: str) -> Call:
    path = "/v3/licenses/{license}/expires-at"
    return Call("PATCH", path, 200, {"expiresAt": moment}, {"id": SOME, "expiresAt": reads})


NAMELESS = "Stripe Checkout cs_2"
TAKEN = Call(
    "POST",
    "/v3/users",
    400,
    {"email": "jenny@example.com", "firstName": "Jenny", "password": "JB9VjqoCvK", "role": "user"},
    {"message": SOME, "code": SOME},
)
STRIPE: list[Event] = [
    (
        "customer.created",
        [
            person_at("jenny%40example.com", 0),
            Call(
                "POST",
                "/v3/users",
                201,
                {
                    "email": "jenny@example.com",
                    "firstName": "Jenny Rosen",
                    "password": "JB9VjqoCvK",
                    "role": "user",
                },
                {"id": SOME},
                keeps="user",
            ),
        ],
    ),
    (
        "customer.created again, in other letters",
        [
            person_at("JENNY%40EXAMPLE.COM", 1, "user"),
            Call("PATCH", "/v3/users/{user}", 200, {"firstName": "Jenny R."}, {"id": SOME}),
        ],
    ),
    # Two events at once: both look, both make, one of them looks again.
    ("customer.created at the same time", [TAKEN, person_at("jenny%40example.com", 1, "user")]),
    (
        "invoice.paid of a new subscription (/v1)",
        [
            person_at("jenny%40example.com", 1, "user"),
            new_license(
                "stripe_subscription_id", "sub_1", "2028-01-31T22:59:59Z", licenseTemplateId=None
            ),
        ],
    ),
    (
        "invoice.paid of the next period (/v1)",
        [
            of_subscription("stripe_subscription_id", "sub_1", product=True),
            renewal("2029-01-31T22:59:59Z"),
        ],
    ),
    (
        "checkout.session.completed, once",
        [
            person_at("mary%40example.com", 0),
            Call(
                "POST",
                "/v3/users",
                201,
                {
                    "email": "mary@example.com",
                    "firstName": NAMELESS,
                    "password": "d9tCeuiq4n",
                    "role": "user",
                },
                {"id": SOME},
                keeps="user",
            ),
            new_license(
                "stripe_transaction_id",
                "pi_1",
                "2028-01-31T22:59:59Z",
                licenseTemplateId=None,
                entitlementSetId=None,
            ),
        ],
    ),
    (
        "checkout.session.completed with a template (/v2)",
        [
            person_at("jenny%40example.com", 1, "user"),
            new_license(
                "stripe_subscription_id",
                "sub_2",
                None,
                licenseTemplateId="{perpetual}",
                entitlementSetId=None,
            ),
        ],
    ),
    (
        "invoice.paid of a subscription that has no licence (/v2)",
        [of_subscription("stripe_subscription_id", "sub_3", 0)],
    ),
]
STRIPE_OF_2022: list[Event] = [
    (
        "invoice.paid of a new subscription",
        [
            Call("GET", "/v3/users?email=ada.king@example.com", 200, number=0),
            Call(
                "POST",
                "/v3/users",
                201,
                {
                    "email": "ada.king@example.com",
                    "firstName": "Ada",
                    "lastName": "King",
                    "password": "688edeba-86db-426f-91a6-51e382dde73b",
                    "role": "user",
                },
                {"id": SOME},
                keeps="user",
            ),
            Call(
                "POST",
                "/v3/licenses",
                201,
                {
                    "productId": "{product}",
                    "userId": "{user}",
                    "metadata": [{"key": "subscription_id", "value": "sub_9", "visible": False}],
                },
                {"key": SOME},
            ),
        ],
    ),
    (
        "invoice.paid of the next period",
        [
            Call(
                "GET",
                "/v3/licenses?productId={product}&metadataKey=subscription_id&metadataValue=sub_9",
                200,
                number=1,
                keeps="license",
            ),
            renewal("2029-01-31T22:59:59Z"),
        ],
    ),
]
OF_PADDLE = ("paddle_subscription_id", "sub_01h")
PAID_TWICE = "2027-03-31T21:59:59Z"  # the last days of the months, after 31 January
PADDLE: list[Event] = [
    (
        "transaction.completed before customer.created, of a subscription and something else",
        [
            of_customer("ctm_01h", 0),
            Call(
                "POST",
                "/v3/users",
                201,
                {
                    "email": "ctm_01h@cryptlexpaddle.com",
                    "firstName": "ctm_01h",
                    "lastName": "ctm_01h",
                    "password": "dapkH9k4dd",
                    "role": "user",
                    "metadata": [
                        {"key": "paddle_customer_id", "value": "ctm_01h", "viewPermissions": []}
                    ],
                },
                {"id": SOME},
                keeps="user",
            ),
            new_license(*OF_PADDLE, "2027-02-28T22:59:59Z", subscriptionInterval="P1M"),
            new_license("paddle_transaction_id", "txn_01h", None, subscriptionInterval=""),
        ],
    ),
    (
        "customer.created",
        [
            of_customer("ctm_01h", 1, "user"),
            Call(
                "PATCH",
                "/v3/users/{user}",
                200,
                {"firstName": "Grace", "lastName": "Hopper", "email": "hopper@example.com"},
                {"id": SOME},
            ),
        ],
    ),
    (
        "customer.created of another one at the same address: the bridge says that it failed",
        [
            of_customer("ctm_02h", 0),
            Call(
                "POST",
                "/v3/users",
                400,
                {
                    "email": "hopper@example.com",
                    "firstName": "Grace",
                    "password": "utl9hD0H1e",
                    "role": "user",
                    "metadata": [
                        {"key": "paddle_customer_id", "value": "ctm_02h", "viewPermissions": []}
                    ],
                },
                {"message": SOME, "code": SOME},
            ),
        ],
    ),
    (
        "transaction.completed of the next period",
        [of_subscription(*OF_PADDLE, reads={"suspended": False}), renewal(PAID_TWICE)],
    ),
    ("subscription.paused", [of_subscription(*OF_PADDLE), suspension(True)]),
    (
        "transaction.completed that resumes",
        [
            of_subscription(*OF_PADDLE, reads={"suspended": True}),
            suspension(False),
            end_at("2027-04-30T10:00:00.123456Z", "2027-04-30T10:00:00.123456Z"),
        ],
    ),
    (
        "subscription.canceled",
        [
            of_subscription(*OF_PADDLE),
            Call(
                "PATCH",
                "/v3/licenses/{license}",
                200,
                {"revoked": True},
                {"id": SOME, "revoked": True},
            ),
        ],
    ),
    (
        "transaction.completed, every other week",
        [
            of_customer("ctm_01h", 1, "user"),
            new_license(
                "paddle_subscription_id",
                "sub_02h",
                "2027-02-14T22:59:59Z",
                licenseTemplateId="{perpetual}",
                subscriptionInterval="P2W",
            ),
        ],
    ),
]
OF_FASTSPRING = ("fastspring_subscription_id", "Xb1")
ADD_ON = {
    "key": "fastspring_driver",
    "value": "addon_orbit",
    "viewPermissions": [],
}
FASTSPRING: list[Event] = [
    (
        "order.completed of a subscription",
        [
            person_at("mary%40example.com", 0),
            Call(
                "POST",
                "/v3/users",
                201,
                {
                    "email": "mary@example.com",
                    "firstName": "Mary",
                    "lastName": "Shelley",
                    "company": "Acme Corp.",
                    "password": "FsBVfdcaT1",
                    "role": "user",
                },
                {"id": SOME},
                keeps="user",
            ),
            new_license(*OF_FASTSPRING, "2027-05-10T21:59:59Z", subscriptionInterval="P3M10D"),
        ],
    ),
    (
        "order.completed with an add-on, which has the interval of its parent's template",
        [
            person_at("mary%40example.com", 1, "user"),
            Call(
                "GET",
                "/v3/license-templates/{yearly}",
                200,
                reads={"subscriptionInterval": "P1Y", "subscriptionStartTrigger": "creation"},
            ),
            Call(
                "POST",
                "/v3/licenses",
                201,
                {
                    "productId": "{product}",
                    "licenseTemplateId": "{perpetual}",
                    "userId": "{user}",
                    "metadata": [
                        {
                            "key": "fastspring_subscription_id",
                            "value": "Xb2",
                            "viewPermissions": [],
                        },
                        ADD_ON,
                    ],
                    "subscriptionInterval": "P1Y",
                    "subscriptionStartTrigger": "creation",
                },
                {"id": SOME, "expiresAt": "2028-01-31T22:59:59Z"},
            ),
        ],
    ),
    (
        "order.completed of a bundle, and of seats up to a version",
        [
            person_at("mary%40example.com", 1, "user"),
            new_license("fastspring_order_id", "ord_1", None, subscriptionInterval=""),
            new_license(
                "fastspring_order_id",
                "ord_2",
                "2028-01-31T22:59:59Z",
                maxAllowedReleaseVersion="2.9",
                allowedActivations=7,
            ),
        ],
    ),
    ("subscription.payment.overdue", [of_subscription(*OF_FASTSPRING), suspension(True)]),
    (
        "subscription.charge.completed",
        [
            of_subscription(*OF_FASTSPRING, reads={"suspended": True}),
            suspension(False),
            renewal("2027-08-20T21:59:59Z"),
        ],
    ),
    (
        "subscription.deactivated",
        [of_subscription(*OF_FASTSPRING), Call("DELETE", "/v3/licenses/{license}", 204)],
    ),
    (
        "subscription.deactivated again: the bridge says that there is none",
        [of_subscription(*OF_FASTSPRING, 0)],
    ),
]


class Bridge:
    """Makes a bridge's calls, and knows what it was answered."""

    def __init__(self, world: World) -> None:
        self.world, self.vendor = world, world.acme
        with inside(world.acme):
            yearly = LicensePolicy(
                vendor=world.acme, name="Yearly", subscription_interval="P1Y", allowed_activations=3
            )
            perpetual = LicensePolicy(vendor=world.acme, name="Perpetual")
            self.known = {
                "product": str(world.orbit.pk),
                "yearly": str(create_policy(yearly).pk),
                "perpetual": str(create_policy(perpetual).pk),
            }
            world.orbit.default_policy = yearly
            world.orbit.save(update_fields=["default_policy"])
            role = Role.objects.create(vendor=world.acme, name="Shop", claims=[*CLAIMS])
            shop = user(world.acme, "shop@acme.example", role=role.name)
        self.program: Program = program_of(shop, SCOPES)

    def receive(self, events: list[Event]) -> None:
        for event, calls in events:
            for call in calls:
                self._make(event, call)

    def _make(self, event: str, call: Call) -> None:
        at = f"{event}: {call.method} {call.path}"
        body = orjson.dumps(self._filled(call.body)) if call.body is not None else b""
        answer = self.program.send(call.method, self._filled(call.path), body)
        assert answer.status_code == call.status, (at, answer.content)
        if call.status == 204:
            return
        told = answer.json()
        rows = told if isinstance(told, list) else [told]
        assert call.number is None or len(rows) == call.number, (at, told)
        for row in rows:
            for name, value in call.reads.items():
                assert name in row, (at, name)
                assert value is SOME or row[name] == value, (at, name, row[name])
        if call.keeps and rows:
            self.known[call.keeps] = rows[0]["id"]

    def _filled(self, said: Any) -> Any:
        if isinstance(said, str):
            return said.format(**self.known) if "{" in said else said
        if isinstance(said, Mapping):
            return {name: self._filled(value) for name, value in said.items()}
        return [self._filled(each) for each in said] if isinstance(said, list) else said


@pytest.fixture
def bridge(world: World) -> Bridge:
    """On 31 January, at a vendor in Berlin."""
    with inside(world.acme):
        world.acme.time_zone = "Europe/Berlin"
        world.acme.save(update_fields=["time_zone"])
    return Bridge(world)


LAST_OF_JANUARY = datetime(2027, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "events", [STRIPE, STRIPE_OF_2022, PADDLE, FASTSPRING], ids=["stripe", "2022", "paddle", "fs"]
)
def test_a_bridge_reads_what_it_needs(bridge: Bridge, events: list[Event]) -> None:
    with time_machine.travel(LAST_OF_JANUARY, tick=False):
        bridge.receive(events)
    with inside(bridge.vendor):
        assert not LicenseMetadata.objects.filter(visible=True).exists()
        people = User.objects.exclude(metadata=[])
        assert not [each for person in people for each in person.metadata if each["visible"]]


def test_of_two_events_at_the_same_moment_one_makes_the_customer(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked before the other one wrote: the database decides, and the bridge looks the
    customer up again after any 4xx that has a message."""
    assert bridge.program.create("/v3/users", TAKEN.body).status_code == 201
    monkeypatch.setattr(User, "full_clean", lambda self: None)
    second = bridge.program.create("/v3/users", TAKEN.body)
    assert (second.status_code, second.json()["code"]) == (409, "TAKEN_MEANWHILE")
    found = bridge.program.get("/v3/users?email[eq]=jenny%40example.com").json()
    assert [each["email"] for each in found] == ["jenny@example.com"]


def test_who_may_view_a_value_is_its_customer(bridge: Bridge) -> None:
    """An empty list hides it, as bridges do; any other shows it."""
    for viewers, visible in (([], False), (["user"], True)):
        entry = {"key": "order", "value": "4711", "viewPermissions": viewers}
        person = bridge.program.create(
            "/v3/users", {"email": f"{visible}@example.com", "metadata": [entry]}
        ).json()
        license = bridge.program.create(
            "/v3/licenses", {"productId": bridge.known["product"], "metadata": [entry]}
        ).json()
        for told in (person, license):
            assert [each["visible"] for each in told["metadata"]] == [visible]


def test_customers_get_their_licences_if_the_vendor_wants_that(bridge: Bridge) -> None:
    def made(**more: Any) -> int:
        before = len(mail.outbox)
        body = {"productId": bridge.known["product"], **more}
        assert bridge.program.create("/v3/licenses", body).status_code == 201
        return len(mail.outbox) - before

    ada = str(bridge.world.ada.pk)
    assert made(userId=ada) == 0
    set_vendor(bridge.vendor, send_new_licenses=True)
    assert made(userId=ada) == 1
    assert mail.outbox[-1].to == ["ada@example.com"]
    assert made() == 0
    assert made(userId=ada, suspended=True) == 0
    with inside(bridge.vendor):
        User.objects.filter(pk=ada).update(is_active=False)
    assert made(userId=ada) == 0
