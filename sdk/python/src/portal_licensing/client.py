"""The licence of one product on one machine."""

from __future__ import annotations

import enum
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal_licensing import errors, jose, machine
from portal_licensing.product import Product
from portal_licensing.storage import State, Storage

ACTIVATION = "offline-activation-request+jwt"
TRIAL = "offline-trial-request+jwt"
DEACTIVATION = "offline-deactivation-request+jwt"
RECEIPT = "offline-deactivation-receipt+jwt"
CLIENT_VERSION = "portal-licensing 0.1.0"
LONGEST_TEXT = 256
FINGERPRINT = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{64,256}")
TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{0,256}")


class Status(enum.Enum):
    """What a check at the start of the program can find, each with a sentence for people."""

    VALID = "valid"
    EXPIRED = "expired"
    LEASE_EXPIRED = "lease-expired"
    SUSPENDED = "suspended"
    OTHER_MACHINE = "other-machine"
    NOT_YET = "not-yet"
    CLOCK_TAMPERED = "clock-tampered"
    SYNC_OVERDUE = "sync-overdue"
    INVALID = "invalid"
    NOT_ACTIVATED = "not-activated"

    @property
    def sentence(self) -> str:
        return SENTENCES[self]


SENTENCES = {
    Status.VALID: "The licence is valid.",
    Status.EXPIRED: "The licence has expired: renew it, then make a new request.",
    Status.LEASE_EXPIRED: "The time for which this machine had a seat is over: make a new request.",
    Status.SUSPENDED: "The licence is suspended: ask the vendor's support.",
    Status.OTHER_MACHINE: "The licence data belongs to another machine: activate this one.",
    Status.NOT_YET: "The machine's clock is behind the day of the activation: set it right.",
    Status.CLOCK_TAMPERED: "The machine's clock was set back: set it right.",
    Status.SYNC_OVERDUE: "The licence has to be confirmed by the portal: make a new request.",
    Status.INVALID: "The licence data was changed or damaged: activate the machine again.",
    Status.NOT_ACTIVATED: "This machine is not activated.",
}


@dataclass(frozen=True)
class Check:
    """The outcome of a check: the status, and the activation token's claims where there are any."""

    status: Status
    claims: Mapping[str, Any]

    @property
    def valid(self) -> bool:
        """Whether the program may run."""
        return self.status is Status.VALID


class LicenseClient:
    """Makes requests, installs responses and checks the licence of one product on this machine.

    `storage` is a folder of the product's own. `fingerprint` is the vendor's own, 64 to 256
    characters, or made from the machine. `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        product: Product,
        storage: str | Path,
        *,
        fingerprint: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.product = product
        self.storage = Storage(storage)
        self.fingerprint = fingerprint or machine.fingerprint(product.id)
        self.clock = clock
        if not FINGERPRINT.fullmatch(self.fingerprint):
            raise errors.InvalidFingerprint

    # --- Activation ----------------------------------------------------------------------------

    def request_activation(self, key: str, **facts: Any) -> str:
        """The text of an activation request for the licence key, to be handed in on the portal.

        `facts` are `hostname`, `app_version`, `user_hash` (texts), `metadata` (a mapping of
        texts) and `meter_attributes` (a mapping of names to whole numbers). Making another
        request is always possible; the machine keeps its key. Raises InvalidInput.
        """
        key = key.strip()
        if not key:
            raise errors.InvalidInput("the licence key is empty")
        return self._request(ACTIVATION, {"key": _text("key", key)}, facts)

    def request_trial(self, **facts: Any) -> str:
        """The text of a request for a trial; `facts` as for an activation."""
        return self._request(TRIAL, {}, facts)

    def install(self, response: str) -> Check:
        """Stores the portal's response and checks the licence; the same one twice is fine.

        Raises InvalidResponse, UnknownSigningKey, OtherProduct, OtherMachine, OtherLicense,
        ResponseExpired or NoRequest, and then stores nothing.
        """
        state = self._read_for_request()
        claims = self._verified(response, state)
        if not state.request_id:
            raise errors.NoRequest
        if not state.trial and claims.get("key") != state.license_key:
            raise errors.OtherLicense
        response = response.strip()
        if response != state.token and _seconds(claims, "orv") <= self._now(state):
            raise errors.ResponseExpired
        state.token = response
        self.storage.write(state)
        return self.check()

    def check(self) -> Check:
        """The licence's status, for each start of the program; never raises for a bad licence.

        Remembers the latest time seen, so that a clock that is set back is noticed.
        Raises StorageUnavailable.
        """
        try:
            state = self.storage.read()
            if not state.token:
                return Check(Status.NOT_ACTIVATED, {})
            claims = self._verified(state.token, state)
        except errors.OtherMachine:
            return Check(Status.OTHER_MACHINE, {})
        except errors.StorageUnavailable:
            raise
        except errors.LicensingError:
            return Check(Status.INVALID, {})
        status = self._status(state, claims)
        if self.clock() > state.last_seen:
            state.last_seen = self.clock()
            self.storage.write(state)
        return Check(status, claims)

    # --- Deactivation --------------------------------------------------------------------------

    def request_deactivation(self) -> str:
        """The text of a deactivation request; from now on the machine is not activated.

        The activation and its key are forgotten before the text is given out, so that the old
        response is worth nothing any more. Asked again, it gives the same text, until a receipt
        is accepted or a new request is made. Raises NotActivated.
        """
        state = self.storage.read()
        if not state.token:
            if state.deactivation and not state.request_id:
                return state.deactivation["request"]
            raise errors.NotActivated
        claims = self._verified(state.token, state)
        request_id, activation_id = str(uuid.uuid4()), str(claims.get("aid", ""))
        payload = {
            "jti": request_id,
            "iat": int(self.clock()),
            "productId": self.product.id,
            "key": str(claims.get("key", "")),
            "activationId": activation_id,
            "fingerprint": self.fingerprint,
        }
        request = jose.sign(DEACTIVATION, payload, state.private_key())
        forgotten = State(
            last_seen=state.last_seen,
            deactivation={
                "request": request,
                "jti": request_id,
                "aid": activation_id,
                "lid": str(claims.get("lid", "")),
            },
        )
        self.storage.write(forgotten)
        return request

    def accept_receipt(self, receipt: str) -> None:
        """Verifies the portal's receipt for the deactivation and forgets the rest.

        Raises InvalidResponse, UnknownSigningKey, OtherReceipt or NoDeactivation.
        """
        state = self.storage.read()
        header, claims = jose.verify(receipt, self.product.public_keys)
        if header.get("typ") != RECEIPT:
            raise errors.InvalidResponse("it is not a receipt")
        asked = state.deactivation
        if not asked:
            raise errors.NoDeactivation
        if (claims.get("req"), claims.get("aid"), claims.get("lid")) != (
            asked["jti"],
            asked["aid"],
            asked["lid"],
        ):
            raise errors.OtherReceipt
        state.deactivation = None
        self.storage.write(state)

    # --- Inside --------------------------------------------------------------------------------

    def _request(self, typ: str, members: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
        state = self._read_for_request()
        payload = {
            "jti": str(uuid.uuid4()),
            "iat": int(self.clock()),
            "productId": self.product.id,
            "fingerprint": self.fingerprint,
            **members,
            **_facts(**facts),
        }
        request = jose.sign(typ, payload, state.private_key())
        state.request_id = payload["jti"]
        state.license_key = str(members.get("key", ""))
        state.trial = typ == TRIAL
        state.fingerprint = self.fingerprint
        self.storage.write(state)
        return request

    def _read_for_request(self) -> State:
        """The state; a fresh one where the old one is damaged, since that is the way out."""
        try:
            return self.storage.read()
        except errors.DamagedStorage:
            return State()

    def _verified(self, token: str, state: State) -> dict[str, Any]:
        """The claims of a token that the portal made for this product, machine and key."""
        header, claims = jose.verify(token, self.product.public_keys)
        if header.get("typ") == RECEIPT:
            raise errors.InvalidResponse("it is the receipt of a deactivation")
        if claims.get("pid") != self.product.id:
            raise errors.OtherProduct
        if claims.get("fp") != self.fingerprint:
            raise errors.OtherMachine
        confirmation = claims.get("cnf")
        own = jose.thumbprint(jose.public_jwk(state.private_key())) if state.machine_key else ""
        if not isinstance(confirmation, dict) or not own or confirmation.get("jkt") != own:
            raise errors.OtherMachine
        return claims

    def _status(self, state: State, claims: Mapping[str, Any]) -> Status:
        clock, offset = self.clock(), _seconds(claims, "aco")
        now = self._now(state)
        if clock + offset < state.last_seen:
            return Status.CLOCK_TAMPERED
        if clock + offset < _seconds(claims, "iat"):
            return Status.NOT_YET
        if claims.get("suspended") is not False:
            return Status.SUSPENDED
        for claim, status in (
            ("eat", Status.EXPIRED),
            ("leat", Status.LEASE_EXPIRED),
            ("ssgpeat", Status.SYNC_OVERDUE),
        ):
            end = _seconds(claims, claim)
            if end and end <= now:
                return status
        return Status.VALID

    def _now(self, state: State) -> float:
        """The time to judge by: a clock that is set back by a little gains nothing."""
        return max(self.clock(), state.last_seen)


def _facts(
    *,
    hostname: str | None = None,
    app_version: str = "",
    user_hash: str = "",
    metadata: Mapping[str, str] | None = None,
    meter_attributes: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """What a request tells about the machine, in the protocol's names."""
    return {
        "os": machine.system(),
        "osVersion": _text("osVersion", machine.system_version()[:LONGEST_TEXT]),
        "hostname": _text("hostname", machine.hostname() if hostname is None else hostname),
        "vmName": machine.vm_name(),
        "container": machine.in_container(),
        "appVersion": _text("appVersion", app_version),
        "clientVersion": CLIENT_VERSION,
        "userHash": _text("userHash", user_hash),
        "metadata": [
            {"key": _text("metadata", key), "value": _text("metadata", value)}
            for key, value in (metadata or {}).items()
        ],
        "meterAttributes": [
            {"name": _text("meterAttributes", name), "uses": uses}
            for name, uses in (meter_attributes or {}).items()
        ],
    }


def _text(name: str, value: str) -> str:
    if not TEXT.fullmatch(value):
        raise errors.InvalidInput(f"{name} has to be at most 256 printable characters")
    return value


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    """A claim that is a time or a length in seconds; 0 when it is missing."""
    value = claims.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise errors.InvalidResponse(f"{name} is not a number")
    return int(value)
