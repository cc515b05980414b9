"""The same licence on a machine with a network: activated, confirmed and given back by the Web API.

Its tokens are kept and judged as the files of the offline half are; where nobody answers, what is
kept goes on until its grace period ends.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from portal_licensing import errors, facts, jose, machine, refusals
from portal_licensing.client import Check, LicenseClient, take
from portal_licensing.product import Product
from portal_licensing.releases import Progress, Release, ReleaseFile, download, release_in
from portal_licensing.storage import State
from portal_licensing.texts import same_key
from portal_licensing.web import KEY_HEADER, Web

METADATA = {"product": "pmd", "license": "lmd", "user": "umd", "activation": "amd"}


@dataclass(frozen=True)
class Uses:
    """What is counted of a feature: by this machine, and by all of the licence now and ever.
    `allowed` is None where any number is."""

    name: str
    uses: int
    total: int
    gross: int
    allowed: int | None


class OnlineClient(LicenseClient):
    """A `LicenseClient` that also talks to the Web API, whose address is `api` or else the product
    file's. `web` is for who wants other timeouts or certificates of an own authority.

    Besides what is said with each method, all of them raise ServerUnreachable, UnusableAnswer, the
    Refused of the server's code (portal_licensing.refusals), and StorageUnavailable.
    """

    def __init__(
        self,
        product: Product,
        storage: str | Path,
        *,
        api: str = "",
        web: Web | None = None,
        **options: Any,
    ) -> None:
        super().__init__(product, storage, **options)
        self.web = web or Web(api or product.api)

    # --- Seats ---------------------------------------------------------------------------------

    def activate(
        self,
        key: str,
        *,
        email: str = "",
        password: str = "",
        lease_duration: int = 0,
        **about: Any,
    ) -> Check:
        """Takes a seat of the licence, or the one that this machine has already, and checks it.

        `email` and `password` are the customer's, for a licence that asks for them;
        `lease_duration` is for how many seconds a floating seat is wished; `about` as in
        `request_activation`. Raises InvalidInput, InvalidResponse, UnknownSigningKey, OtherProduct,
        OtherMachine or OtherLicense, and then stores nothing.
        """
        key = facts.key(key)
        body = {**self._names(key), **facts.of_machine(**about), "email": email}
        body |= {"password": password} if password else {}
        body |= {"leaseDuration": lease_duration} if lease_duration else {}
        token = _token_in(self.web.call("POST", "activations", body), "activationToken")
        return self._begin(token, key, lease_duration=lease_duration)

    def start_trial(self, **about: Any) -> Check:
        """Begins the product's trial on this machine, or goes on with it: there is one alone."""
        body = {**self._names(""), **facts.of_machine(**about)}
        answer = self.web.call("POST", "trial-activations", body)
        return self._begin(_token_in(answer, "trialActivationToken"), "", trial=True)

    def sync(
        self,
        *,
        metadata: Mapping[str, str] | None = None,
        app_version: str = "",
        user_hash: str = "",
        attempts: int | None = None,
    ) -> Check:
        """Has the licence confirmed: renews the lease, and takes over what the vendor has changed.

        `metadata`, if it is given, is all that the machine has from now on. What the portal says
        now and never takes back by a token is kept: that the licence is revoked (RevokedLicense),
        or that the machine has no seat any more (ActivationNotFound), which one whose lease had
        ended asks for anew. Raises NotActivated, and what `activate` raises.
        """
        state, claims = self._activated()
        if state.trial:
            return self.start_trial()
        body: dict[str, Any] = self._names(claims["key"])
        body |= {} if metadata is None else {"metadata": facts.entries(metadata)}
        body |= {"appVersion": app_version} if app_version else {}
        body |= {"userHash": user_hash} if user_hash else {}
        body |= {"leaseDuration": state.lease_duration} if state.lease_duration else {}
        path = f"activations/{quote(claims['aid'], safe='')}"
        try:
            answer = self.web.call("PATCH", path, body, attempts=attempts)
        except refusals.RevokedLicense:
            self._change(claims["aid"], revoked=True)
            raise
        except refusals.ActivationNotFound:
            self._change(claims["aid"], token="")
            if not claims["leat"]:
                raise
            return self.activate(claims["key"], lease_duration=state.lease_duration)
        return self._confirm(_token_in(answer, "activationToken"), claims)

    def deactivate(self, *, attempts: int | None = None) -> None:
        """Gives the seat back and forgets the activation. A seat that is gone already is fine.

        Raises NotActivated, also for a machine that was activated by files, and
        DeactivationLimitReached; then the machine keeps its seat.
        """
        state, claims = self._activated()
        if not state.trial:
            path = f"activations/{quote(claims['aid'], safe='')}"
            with suppress(refusals.ActivationNotFound):
                self.web.call("DELETE", path, attempts=attempts)
        self._change(claims["aid"], token="", token_key="", license_key="")

    # --- Meters and metadata -------------------------------------------------------------------

    def increment(self, name: str, by: int = 1) -> Uses:
        """Counts uses of a feature, once, however often it has to be tried. Raises
        MeterLimitReached, and then counts nothing; MeterNotFound; NotActivated."""
        _state, claims = self._activated()
        answer = self.web.call(
            "POST",
            f"activations/meter-attributes/{quote(facts.text('name', name), safe='')}",
            {"activationId": claims["aid"], "increment": by},
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        return _uses_in(answer)

    def decrement(self, name: str, by: int = 1) -> Uses:
        """Counts fewer uses of this machine; of the licence in all only if the meter floats."""
        return self.increment(name, -by)

    def uses(self, name: str) -> Uses:
        """What is counted now."""
        return self.increment(name, 0)

    def metadata(self, of: str) -> dict[str, str]:
        """What the program may know of the `product`, the `license`, its `user` or this
        `activation`, by names; as it was when the licence was last confirmed."""
        entries = self.check().claims.get(METADATA[of]) or []
        return {str(each.get("key")): str(each.get("value")) for each in entries}

    # --- Updates -------------------------------------------------------------------------------

    def find_update(self, version: str, *, platform: str = "", channel: str = "") -> Release | None:
        """The newest release above this version that the licence covers, if there is one.

        `platform` is this machine's, `channel` the stable one unless they are given. Raises
        NotActivated.
        """
        answer = self._ask("update", platform, channel, version=version)
        return None if answer is None else release_in(answer)

    def latest(self, *, platform: str = "", channel: str = "") -> Release:
        """The newest release that the licence covers; the Refused says why there is none."""
        answer = self._ask("latest", platform, channel)
        if answer is None:
            raise refusals.UnusableAnswer("it names no release")
        return release_in(answer)

    def download(
        self, file: ReleaseFile, folder: str | Path, *, progress: Progress | None = None
    ) -> Path:
        """The file, in the folder, complete and unchanged (portal_licensing.releases.download).
        `progress` is told how many bytes are there, and how many there will be."""
        return download(self.web, file, Path(folder), key=self._key(), progress=progress)

    # --- Inside --------------------------------------------------------------------------------

    def _names(self, key: str) -> dict[str, str]:
        return {"productId": self.product.id, "key": key, "fingerprint": self.fingerprint}

    def _activated(self) -> tuple[State, dict[str, Any]]:
        """What is kept of an activation that came online. Raises NotActivated, and what is wrong
        with it."""
        state = self.storage.read()
        if not state.token or not state.online:
            raise errors.NotActivated
        return state, self._verified(state.token, state)

    def _key(self) -> str:
        state = self.storage.read()
        if not state.token_key:
            raise errors.NotActivated
        return state.token_key

    def _ask(self, path: str, platform: str, channel: str, **more: str) -> dict[str, Any] | None:
        query = {"productId": self.product.id, "platform": platform or machine.system(), **more}
        query |= {"channel": channel} if channel else {}
        # A header goes as Latin-1; the portal reads it as UTF-8.
        proof = {KEY_HEADER: self._key().encode().decode("latin-1")}
        return self.web.call("GET", f"releases/{path}", query=query, headers=proof)

    def _begin(
        self, token: str, key: str, *, trial: bool = False, lease_duration: int = 0
    ) -> Check:
        """Keeps the token of a machine that has been activated just now."""
        with self.storage.locked():
            state = self._read_for_request()
            claims = self._online_claims(token, state)
            if not trial and not same_key(claims["key"], key):
                raise errors.OtherLicense
            state.private_key()  # makes the seal one of this machine's own
            state.online, state.trial, state.lease_duration = True, trial, lease_duration
            state.license_key, state.request_id, state.deactivation = key, "", None
            state.fingerprint = self.fingerprint
            take(state, token, claims)
            self.storage.write(state)
        return self.check()

    def _confirm(self, token: str, before: Mapping[str, Any]) -> Check:
        """Keeps the token of a machine that was confirmed, unless it has another activation by now,
        or a later token: another thread or program was faster, or an old answer was replayed."""
        with self.storage.locked():
            state = self.storage.read()
            claims = self._online_claims(token, state)
            if claims["aid"] != before["aid"] or not same_key(claims["key"], before["key"]):
                raise errors.OtherLicense
            if self._is_of(state, claims["aid"]) and claims["iat"] >= state.signed_at:
                take(state, token, claims)
                self.storage.write(state)
        return self.check()

    def _change(self, activation_id: str, **changes: Any) -> None:
        """Changes what is kept of this activation, if it still is the machine's."""
        with self.storage.locked():
            state = self.storage.read()
            if self._is_of(state, activation_id):
                for name, value in changes.items():
                    setattr(state, name, value)
                self.storage.write(state)

    def _is_of(self, state: State, activation_id: str) -> bool:
        if not state.token or not state.online:
            return False
        return bool(self._verified(state.token, state)["aid"] == activation_id)

    def _online_claims(self, token: str, state: State) -> dict[str, Any]:
        """The claims of a token that came just now."""
        if len(token) > jose.LARGEST:
            raise errors.InvalidResponse("it is larger than 64 KiB")
        return self._verified(token, state, online=True)


def _token_in(answer: Mapping[str, Any] | None, name: str) -> str:
    token = (answer or {}).get(name)
    if not isinstance(token, str):
        raise refusals.UnusableAnswer("it answers no token")
    return token


def _uses_in(answer: Mapping[str, Any] | None) -> Uses:
    try:
        said = answer or {}
        allowed = int(said["licenseAllowedUses"])
        return Uses(
            name=str(said["name"]),
            uses=int(said["uses"]),
            total=int(said["licenseTotalUses"]),
            gross=int(said["licenseGrossUses"]),
            allowed=None if allowed < 0 else allowed,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise refusals.UnusableAnswer("it counts nothing") from error
