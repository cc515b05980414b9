"""Payment bridges that others wrote, run as they are: what a payment system tells them happens here.

With `--in-full` and BRIDGES alone; docs/payments.md has the commands. What they call without them is
in test_payment_bridges.py.
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.api.running import Bridge, bridged, called, needs_bridges
from tests.api.test_payment_bridges import CLAIMS, SCOPES
from tests.served import served

pytestmark = [needs_bridges, pytest.mark.in_full, pytest.mark.processes]
YEAR, MONTH = timedelta(days=365), timedelta(days=30.5)
MARY = "mary@buyer.example"


@dataclass
class Shop:
    """Acme of the demo, as its administrator sees it, with a product, two policies and the token
    that a bridge has."""

    port: int
    token_of_admin: str = ""
    product: str = ""
    yearly: str = ""
    perpetual: str = ""
    token: str = ""

    def call(self, method: str, path: str, body: Any = None, by: str = "", **query: str) -> Any:
        """What the Web API answers to the administrator, or to whom another token is."""
        headers = {"Host": f"api.portal.localhost:{self.port}", "Content-Type": "application/json"}
        if token := by or self.token_of_admin:
            headers["Authorization"] = f"Bearer {token}"
        said = b"" if body is None else json.dumps(body).encode()
        asked = f"/v3/{path}?{urlencode(query)}"
        status, _headers, answer = called(self.port, method, asked, said, headers)
        assert status in {200, 201}, (method, asked, status, answer)
        return json.loads(answer)

    def signed_in(self, email: str, password: str) -> str:
        """The person's token."""
        said = {"companyId": "acme", "email": email, "password": password}
        return str(self.call("POST", "accounts/login", said)["accessToken"])

    def licenses(self, key: str, value: str) -> list[dict[str, Any]]:
        """Those of a subscription or order, oldest first."""
        asked = {"metadata.key": key, "metadata.value": value, "sort": "createdAt"}
        return list(self.call("GET", "licenses", **asked))

    def people(self, email: str) -> list[dict[str, Any]]:
        return list(self.call("GET", "users", email=email))

    def bridged(self, platform: str, folder: Path, **settings: str) -> Any:
        token = {"CRYPTLEX_ACCESS_TOKEN": self.token}
        return bridged(platform, folder, self.port, **token, **settings)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with served(tmp_path_factory.mktemp("shop")) as portal:
        found = Shop(portal.port)
        found.token_of_admin = found.signed_in("admin@acme.example", "demo-acme-admin")
        policy = {"name": "Shop, yearly", "subscriptionInterval": "P1Y", "allowedActivations": 3}
        found.yearly = found.call("POST", "license-policies", policy)["id"]
        found.perpetual = found.call("POST", "license-policies", {"name": "Shop, for ever"})["id"]
        product = {"name": "Comet", "licensePolicyId": found.yearly}
        found.product = found.call("POST", "products", product)["id"]
        found.call("POST", "roles", {"name": "Shop", "claims": list(CLAIMS)})
        clerk = {"email": "shop@acme.example", "password": "a-long-one-of-the-shop"}
        found.call("POST", "users", {**clerk, "firstName": "Shop", "role": "Shop"})
        asked = {"name": "Bridge", "scopes": list(SCOPES)}
        own = found.signed_in(**clerk)
        made = found.call("POST", "personal-access-tokens", asked, by=own)
        found.token = made["accessToken"]
        yield found


def owner_of(license: dict[str, Any]) -> str:
    """The id of the person whose it is."""
    return str(license["user"]["id"])


def end_of(license: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(license["expiresAt"])


def lasts(license: dict[str, Any]) -> timedelta:
    """From now to its end."""
    return end_of(license) - datetime.now(end_of(license).tzinfo)


def is_about(span: timedelta, wanted: timedelta) -> bool:
    """Whether it is so long by the calendar, up to the end of a day."""
    return abs(span - wanted) < timedelta(days=4)


def answered(bridge: Bridge) -> list[int]:
    """How the portal has answered its calls since this was last asked."""
    told = [status for _method, _path, status in bridge.calls]
    bridge.calls.clear()
    return told


# --- Stripe -------------------------------------------------------------------------------------


def of_stripe(kind: str, **thing: Any) -> dict[str, Any]:
    now = time.time_ns()
    about = {"id": f"evt_{now}", "object": "event", "api_version": "2026-06-24", "created": now}
    return {**about, "type": kind, "livemode": False, "data": {"object": thing}}


def invoice(reason: str, subscription: str, email: str) -> dict[str, Any]:
    details = {
        "type": "subscription_details",
        "subscription_details": {"subscription": subscription},
    }
    return of_stripe(
        "invoice.paid",
        id=f"in_{subscription}",
        object="invoice",
        status="paid",
        billing_reason=reason,
        customer_email=email,
        customer_name="Mary Shelley",
        parent=details,
    )


def checkout(email: str, mode: str = "subscription", **more: Any) -> dict[str, Any]:
    return of_stripe(
        "checkout.session.completed",
        id="cs_test_1",
        object="checkout.session",
        mode=mode,
        payment_status="paid",
        status="complete",
        customer_details={"email": email, "name": "Mary Shelley"},
        **more,
    )


def test_stripe(shop: Shop, tmp_path: Path) -> None:
    key, template = "stripe_subscription_id", {"CRYPTLEX_PRODUCT_ID": shop.product}
    template["CRYPTLEX_LICENSE_TEMPLATE"] = shop.yearly
    settings = {"CRYPTLEX_PRODUCT_ID": shop.product}
    with shop.bridged("stripe", tmp_path, **settings) as bridge:
        # Who does not know the secret is not heard, and the portal is asked nothing.
        status, said = bridge.tell(invoice("subscription_create", "sub_0", MARY), signed=False)
        assert (status, bridge.calls) == (400, [])
        assert "signature" in said["message"]

        person = {"id": "cus_1", "object": "customer", "email": MARY, "name": "Mary Godwin"}
        assert bridge.tell(of_stripe("customer.created", **person))[0] == 201
        [mary] = shop.people(MARY)
        assert (mary["firstName"], mary["role"]) == ("Mary Godwin", "user")

        # The same e-mail in other letters is the same person, who is renamed.
        person |= {"id": "cus_2", "email": MARY.upper(), "name": "Mary Shelley"}
        assert bridge.tell(of_stripe("customer.created", **person), "/v2")[0] == 201
        [again] = shop.people(MARY)
        assert (again["id"], again["firstName"]) == (mary["id"], "Mary Shelley")

        bought = checkout(MARY, subscription="sub_1", metadata=template)
        status, said = bridge.tell(bought, "/v2")
        [license] = shop.licenses(key, "sub_1")
        assert (status, said["data"]["license"]["key"]) == (201, license["key"])
        assert (owner_of(license), license["allowedActivations"]) == (mary["id"], 3)
        assert is_about(lasts(license), YEAR)

        # Its first invoice is no second licence, and the next one renews.
        first = bridge.tell(invoice("subscription_create", "sub_1", MARY), "/v2")
        assert (first[0], len(shop.licenses(key, "sub_1"))) == (200, 1)
        assert bridge.tell(invoice("subscription_cycle", "sub_1", MARY), "/v2")[0] == 201
        [renewed] = shop.licenses(key, "sub_1")
        assert is_about(end_of(renewed) - end_of(license), YEAR)

        # One product: the licence comes with the first invoice.
        assert bridge.tell(invoice("subscription_create", "sub_2", MARY))[0] == 200
        assert bridge.tell(invoice("subscription_cycle", "sub_2", MARY))[0] == 201
        [license] = shop.licenses(key, "sub_2")
        assert is_about(lasts(license), 2 * YEAR)

        # Paid once, by somebody of the demo who was there before any bridge.
        [ada] = shop.people("ada@example.com")
        once = checkout("ada@example.com", "payment", payment_intent="pi_1", metadata=template)
        assert bridge.tell(once, "/v2")[0] == 201
        [license] = shop.licenses("stripe_transaction_id", "pi_1")
        assert owner_of(license) == ada["id"]
        [after] = shop.people("ada@example.com")
        assert after["firstName"] == ada["firstName"]
        assert set(answered(bridge)) == {200, 201}

        status, said = bridge.tell(invoice("subscription_cycle", "sub_none", MARY))
        assert status == 400
        assert "no license with sub_none" in said["message"]


def test_two_events_at_once_make_one_customer(shop: Shop, tmp_path: Path) -> None:
    key, settings = "stripe_subscription_id", {"CRYPTLEX_PRODUCT_ID": shop.product}
    with (
        shop.bridged("stripe", tmp_path, **settings) as bridge,
        ThreadPoolExecutor(2) as pool,
    ):
        for turn in range(5):
            email, subscription = f"both-{turn}@buyer.example", f"sub_both_{turn}"
            person = {"id": "cus_9", "object": "customer", "email": email, "name": "Both"}
            events = [
                of_stripe("customer.created", **person),
                invoice("subscription_create", subscription, email),
            ]
            assert {status for status, _said in pool.map(bridge.tell, events)} <= {200, 201}
            [both] = shop.people(email)
            [license] = shop.licenses(key, subscription)
            assert owner_of(license) == both["id"]


# --- Paddle -------------------------------------------------------------------------------------


def of_paddle(kind: str, **data: Any) -> dict[str, Any]:
    now = datetime.now().astimezone().isoformat()
    about = {"event_id": f"evt_{time.time_ns()}", "notification_id": "ntf_1", "occurred_at": now}
    return {**about, "event_type": kind, "data": {"created_at": now, "updated_at": now, **data}}


def customer(id: str, email: str, name: str) -> dict[str, Any]:
    more = {"marketing_consent": False, "status": "active", "locale": "en"}
    return of_paddle("customer.created", id=id, email=email, name=name, **more)


def transaction(
    shop: Shop, origin: str, *prices: tuple[str, dict[str, Any] | None], **more: Any
) -> dict[str, Any]:
    """Of items by their price's name and billing cycle, one of each."""
    custom = {"cryptlex_product_id": shop.product, "cryptlex_license_template_id": shop.yearly}
    product = {"id": "pro_1", "name": "Comet", "status": "active", "custom_data": custom}
    amount, number = {"amount": "100", "currency_code": "EUR"}, {"minimum": 1, "maximum": 9}
    items = [
        {
            "price": {"id": name, "billing_cycle": cycle, "unit_price": amount, "quantity": number},
            "quantity": 1,
        }
        for name, cycle in prices
    ]
    lines = [
        {"id": f"txnitm_{name}", "price_id": name, "quantity": 1, "product": product}
        for name, _cycle in prices
    ]
    details = {"tax_rates_used": [], "line_items": lines}
    said = {"status": "completed", "origin": origin, "currency_code": "EUR", "payments": []}
    return of_paddle("transaction.completed", **said, items=items, details=details, **more)


def subscription(kind: str, id: str, status: str) -> dict[str, Any]:
    cycle = {"interval": "month", "frequency": 1}
    return of_paddle(kind, id=id, status=status, customer_id="ctm_1", billing_cycle=cycle, items=[])


def test_paddle(shop: Shop, tmp_path: Path) -> None:
    key, grace = "paddle_subscription_id", "grace@buyer.example"
    monthly = ("pri_month", {"interval": "month", "frequency": 1})
    of_1 = {"customer_id": "ctm_1", "subscription_id": "sub_1"}
    with shop.bridged("paddle", tmp_path) as bridge:
        unsigned = bridge.tell(customer("ctm_1", grace, "Grace Hopper"), signed=False)
        assert (unsigned[0], bridge.calls) == (400, [])

        # What was bought comes before who bought it.
        bought = transaction(shop, "web", monthly, ("pri_once", None), id="txn_1", **of_1)
        assert bridge.tell(bought)[0] == 201
        [license] = shop.licenses(key, "sub_1")
        [once] = shop.licenses("paddle_transaction_id", "txn_1")
        assert is_about(lasts(license), MONTH)
        assert once["expiresAt"] is None
        assert bridge.tell(customer("ctm_1", grace, "Grace Hopper"))[0] == 201
        [person] = shop.people(grace)
        assert (person["firstName"], person["lastName"]) == ("Grace", "Hopper")
        assert owner_of(license) == owner_of(once) == person["id"]

        renewal = transaction(shop, "subscription_recurring", monthly, id="txn_2", **of_1)
        assert bridge.tell(renewal)[0] == 200
        [renewed] = shop.licenses(key, "sub_1")
        assert is_about(end_of(renewed) - end_of(license), MONTH)

        assert bridge.tell(subscription("subscription.paused", "sub_1", "paused"))[0] == 200
        assert [each["suspended"] for each in shop.licenses(key, "sub_1")] == [True]
        until = end_of(renewed) + MONTH
        period = {"starts_at": renewed["expiresAt"], "ends_at": until.isoformat()}
        resumed = transaction(
            shop, "subscription_update", monthly, id="txn_3", billing_period=period, **of_1
        )
        assert bridge.tell(resumed)[0] == 200
        [going_on] = shop.licenses(key, "sub_1")
        assert (going_on["suspended"], end_of(going_on)) == (False, until)

        assert bridge.tell(subscription("subscription.canceled", "sub_1", "canceled"))[0] == 200
        assert [each["revoked"] for each in shop.licenses(key, "sub_1")] == [True]
        assert set(answered(bridge)) == {200, 201}

        # Somebody who is there already: it fails, and says so, until he has the value.
        [ada] = shop.people("ada@example.com")
        known = customer("ctm_2", "ada@example.com", "Ada Lovelace")
        status, said = bridge.tell(known)
        assert status == 400
        assert "There is an account with this e-mail already." in said["message"]
        value = {"key": "paddle_customer_id", "value": "ctm_2", "visible": False}
        shop.call("PATCH", f"users/{ada['id']}", {"metadata": [*ada["metadata"], value]})
        assert bridge.tell(known)[0] == 201
        assert [each["id"] for each in shop.people("ada@example.com")] == [ada["id"]]


# --- FastSpring ---------------------------------------------------------------------------------


def of_fastspring(kind: str, **data: Any) -> dict[str, Any]:
    return {"events": [{"id": f"ev_{time.time_ns()}", "type": kind, "live": False, "data": data}]}


def order(email: str, *items: dict[str, Any], id: str = "ord_1") -> dict[str, Any]:
    person = {"first": "Mary", "last": "Shelley", "email": email, "company": "Acme Corp."}
    return of_fastspring("order.completed", id=id, completed=True, customer=person, items=items)


def item(shop: Shop, subscribed: str = "", quantity: int = 1, **more: str) -> dict[str, Any]:
    attributes = {
        "cryptlex_product_id": shop.product,
        "cryptlex_license_template_id": shop.yearly,
        **{f"cryptlex_{name}": value for name, value in more.items()},
    }
    told = {"product": "comet", "quantity": quantity, "attributes": attributes}
    return told | ({"subscription": {"id": subscribed}} if subscribed else {})


def test_fastspring(shop: Shop, tmp_path: Path) -> None:
    key, buyer = "fastspring_subscription_id", "mary@fast.example"
    with shop.bridged("fastspring", tmp_path) as bridge:
        unsigned = bridge.tell(order(buyer, item(shop)), signed=False)
        assert (unsigned, bridge.calls) == ((400, {"message": "The payload is tampered"}), [])

        quarterly = item(shop, "S1", 2, license_subscription_interval="P3M")
        assert bridge.tell(order(buyer, quarterly))[0] == 201
        [mary] = shop.people(buyer)
        assert (mary["lastName"], mary["company"]) == ("Shelley", "Acme Corp.")
        bought = shop.licenses(key, "S1")
        assert [owner_of(each) for each in bought] == [mary["id"]] * 2
        assert all(is_about(lasts(each), 3 * MONTH) for each in bought)

        # Seats up to a version, for the same e-mail.
        seats = item(
            shop,
            "S2",
            7,
            mappings_quantity="allowed_activations",
            max_allowed_release_version="2.9",
        )
        assert bridge.tell(order(buyer, seats, id="ord_2"))[0] == 201
        [license] = shop.licenses(key, "S2")
        assert (owner_of(license), license["allowedActivations"]) == (mary["id"], 7)
        assert license["maxAllowedReleaseVersion"] == "2.9"
        [ada] = shop.people("ada@example.com")
        assert bridge.tell(order("ada@example.com", item(shop), id="ord_3"))[0] == 201
        [license] = shop.licenses("fastspring_order_id", "ord_3")
        assert owner_of(license) == ada["id"]

        overdue = of_fastspring("subscription.payment.overdue", id="S1", state="overdue")
        assert bridge.tell(overdue)[0] == 200
        assert [each["suspended"] for each in shop.licenses(key, "S1")] == [True, True]
        paid = of_fastspring(
            "subscription.charge.completed",
            status="successful",
            order={"items": [{"product": "comet"}]},
            subscription={"id": "S1"},
        )
        assert bridge.tell(paid)[0] == 200
        renewed = shop.licenses(key, "S1")
        assert [each["suspended"] for each in renewed] == [False, False]
        for before, after in zip(bought, renewed, strict=True):
            assert before["id"] == after["id"]
            assert is_about(end_of(after) - end_of(before), 3 * MONTH)

        ended = of_fastspring("subscription.deactivated", id="S1", state="deactivated")
        assert bridge.tell(ended)[0] == 200
        assert shop.licenses(key, "S1") == []
        assert len(shop.licenses(key, "S2")) == 1
        assert set(answered(bridge)) == {200, 201, 204}
        status, said = bridge.tell(ended)
        assert status == 400
        assert "No license found" in said["message"]
