"""The licence of one product on one machine."""

from __future__ import annotations

import enum
import re
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal_licensing import errors, facts, jose, machine, tokens
from portal_licensing.product import Product
from portal_licensing.storage import State, Storage
from portal_licensing.texts import same_key

ACTIVATION = "offline-activation-request+jwt"
TRIAL = "offline-trial-request+jwt"
DEACTIVATION = "offline-deactivation-request+jwt"
# Two systems on one computer, one of which keeps local time in its clock and the other UTC, show
# times that are as far apart as the furthest time zone is from UTC.
SYSTEMS_APART = 14 * 3600  # seconds
FINGERPRINT = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{64,256}")


class Status(enum.Enum):
    """What a check at the start of the program can find, each with a sentence for people."""

    VALID = "valid"
    EXPIRED = "expired"
    LEASE_EXPIRED = "lease-expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
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
    Status.EXPIRED: (
        "The licence has expired: renew it, then connect to the network or, without one, make a "
        "new request and install its response. If the machine's clock is ahead, set it right first."
    ),
    Status.LEASE_EXPIRED: (
        "The time for which this machine had its seat is over: connect to the network or, without "
        "one, make a new request and install its response. If the machine's clock is ahead, set it "
        "right first."
    ),
    Status.SUSPENDED: (
        "The licence is suspended: ask the vendor's support; once the suspension is lifted, "
        "connect to the network or, without one, make a new request and install its response."
    ),
    Status.REVOKED: "The licence has been revoked: ask the vendor's support.",
    Status.OTHER_MACHINE: (
        "The licence data belongs to another machine: activate this one with the licence key."
    ),
    Status.NOT_YET: (
        "The machine's clock is behind the time at which the portal signed the activation: set it "
        "right."
    ),
    Status.CLOCK_TAMPERED: (
        "The machine's clock is behind a time that it has shown before: set it right. If it is "
        "right now and was once ahead, connect to the network or make a new request and install "
        "its response, which takes no further seat."
    ),
    Status.SYNC_OVERDUE: (
        "The licence has to be confirmed by the portal: connect to the network or make a new "
        "request and install its response."
    ),
    Status.INVALID: (
        "The licence data was changed or damaged: activate the machine again, or make a new "
        "request and install its response."
    ),
    Status.NOT_ACTIVATED: (
        "This machine is not activated: activate it with the licence key or, without a network, "
        "make a request with it, hand it in on the portal and install its response."
    ),
}


@dataclass(frozen=True)
class Feature:
    """What a licence says of a feature: whether it is on, and data that the vendor has given it."""

    enabled: bool
    data: str


@dataclass(frozen=True)
class Check:
    """The outcome of a check: the status, and the activation token's claims where there are any."""

    status: Status
    claims: Mapping[str, Any]

    @property
    def valid(self) -> bool:
        """Whether the program may run."""
        return self.status is Status.VALID

    def feature(self, name: str) -> Feature:
        """What the licence's product version says of a feature. One of which it says nothing is
        off, and so is each of a licence that is not valid."""
        for told in self.claims.get("pvff", ()) if self.valid else ():
            if told["name"] == name:
                return Feature(told["enabled"], told["data"])
        return Feature(enabled=False, data="")


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

    def request_activation(self, key: str, **about: Any) -> str:
        """The text of an activation request for the licence key, to be handed in on the portal.

        `about` are `hostname`, `app_version`, `user_hash` (texts), `metadata` (a mapping of
        texts) and `meter_attributes` (a mapping of names to whole numbers). The key may be typed
        or pasted in any spelling. Making another request is always possible; the machine keeps
        its key. Raises InvalidInput.
        """
        return self._request(ACTIVATION, {"key": facts.key(key)}, about)

    def request_trial(self, **about: Any) -> str:
        """The text of a request for a trial; `about` as for an activation."""
        return self._request(TRIAL, {}, about)

    def install(self, response: str | bytes) -> Check:
        """Stores the portal's response and checks the licence; the same one twice is fine.

        A response that was signed later than the one before is the vendor's word about the time:
        what the clock has shown until then is forgotten, so that a clock that was once ahead does
        not lock the machine. Raises InvalidResponse, UnknownSigningKey, OtherProduct,
        OtherMachine, OtherLicense, ResponseExpired or NoRequest, and then stores nothing.
        """
        with self.storage.locked():
            state = self._read_for_request()
            token = jose.compact(response, self.product.public_keys)
            claims = self._verified(token, state, online=False)
            if not state.request_id:
                raise errors.NoRequest
            if not state.trial and not same_key(claims["key"], state.license_key):
                raise errors.OtherLicense
            before = state.token
            take(state, token, claims)
            if token != before and claims["orv"] <= self._now(state):
                raise errors.ResponseExpired
            state.online = False
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
            if state.token_key not in ("", claims["key"]):
                raise errors.OtherLicense
        except errors.OtherMachine:
            return Check(Status.OTHER_MACHINE, {})
        except errors.StorageUnavailable:
            raise
        except errors.LicensingError:
            return Check(Status.INVALID, {})
        status = self._status(state, claims)
        self._remember_time(state)
        return Check(status, claims)

    def _remember_time(self, state: State) -> None:
        if self.clock() <= state.last_seen:
            return
        with self.storage.locked(), suppress(errors.DamagedStorage):
            # Another thread or program may have written meanwhile.
            state = self.storage.read()
            state.last_seen = max(state.last_seen, self.clock())
            self.storage.write(state)

    @property
    def is_online(self) -> bool:
        """Whether the machine's activation came online; False without any."""
        state = self.storage.read()
        return bool(state.token) and state.online

    # --- Deactivation --------------------------------------------------------------------------

    def request_deactivation(self) -> str:
        """The text of a deactivation request; from now on the machine is not activated.

        The activation and its key are forgotten before the text is given out, so that the old
        response is worth nothing any more. Asked again, it gives the same text, until a receipt
        is accepted or a new request is made. Raises NotActivated, and ActivatedOnline for a machine
        whose activation is given back online.
        """
        with self.storage.locked():
            state = self.storage.read()
            if not state.token:
                if state.deactivation and not state.request_id:
                    return state.deactivation["request"]
                raise errors.NotActivated
            if state.online:
                raise errors.ActivatedOnline
            claims = self._verified(state.token, state)
            request_id, activation_id = str(uuid.uuid4()), claims["aid"]
            payload = {
                "jti": request_id,
                "iat": int(self.clock()),
                "productId": self.product.id,
                "key": claims["key"],
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
                    "lid": claims["lid"],
                },
            )
            self.storage.write(forgotten)
            return request

    def accept_receipt(self, receipt: str | bytes) -> None:
        """Verifies the portal's receipt for the deactivation and forgets the rest.

        Raises InvalidResponse, UnknownSigningKey, OtherReceipt or NoDeactivation.
        """
        with self.storage.locked():
            state = self.storage.read()
            keys = self.product.public_keys
            header, claims = jose.verify(jose.compact(receipt, keys), keys)
            if header.get("typ") != tokens.RECEIPT:
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

    def _request(self, typ: str, members: Mapping[str, Any], about: Mapping[str, Any]) -> str:
        with self.storage.locked():
            state = self._read_for_request()
            payload = {
                "jti": str(uuid.uuid4()),
                "iat": int(self.clock()),
                "productId": self.product.id,
                "fingerprint": self.fingerprint,
                **members,
                **facts.of_machine(**about),
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

    def _verified(self, token: str, state: State, *, online: bool | None = None) -> dict[str, Any]:
        """The claims of a token that the portal made for this product, machine and key; of one that
        came online, if the state or `online` says so, for this product and machine."""
        return tokens.claims_of(token, self.product, self.fingerprint, state, online=online)

    def _status(self, state: State, claims: Mapping[str, Any]) -> Status:
        latest = self.clock() + max(tokens.seconds(claims, "aco", 0), SYSTEMS_APART)
        now = self._now(state)
        if latest < claims["iat"]:
            return Status.NOT_YET
        if latest < state.last_seen:
            return Status.CLOCK_TAMPERED
        if state.revoked:
            return Status.REVOKED
        if claims["suspended"]:
            return Status.SUSPENDED
        for end, status in (
            (claims["eat"], Status.EXPIRED),
            (claims["leat"], Status.LEASE_EXPIRED),
            (tokens.seconds(claims, "ssgpeat", 0), Status.SYNC_OVERDUE),
        ):
            if end and end <= now:
                return status
        return Status.VALID

    def _now(self, state: State) -> float:
        """The time to judge by: a clock that is set back by a little gains nothing."""
        return max(self.clock(), state.last_seen)


def take(state: State, token: str, claims: Mapping[str, Any]) -> None:
    """Puts a token in the place of the one before. One that was signed later is the vendor's word
    about the time."""
    if claims["iat"] > state.signed_at:
        state.signed_at = claims["iat"]
        state.last_seen = float(claims["iat"])
    state.token, state.token_key, state.revoked = token, claims["key"], False
