"""Activation tokens: what the portal has signed for this product, machine and key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal_licensing import errors, jose
from portal_licensing.product import Product
from portal_licensing.storage import State

RESPONSE = "JWT"
RECEIPT = "offline-deactivation-receipt+jwt"
LARGEST_NUMBER = 2**53 - 1
CLAIMS = {"aid": str, "lid": str, "key": str, "suspended": bool}
TIMES = ("iat", "eat", "leat", "orv")


def claims_of(
    token: str, product: Product, fingerprint: str, state: State, *, online: bool | None = None
) -> dict[str, Any]:
    """The claims of a token that the portal made for this product, machine and key.

    One that came online (`online`, or as the state says) is bound to the machine by its fingerprint
    alone; any other to the machine's key, too. Raises InvalidResponse, UnknownSigningKey,
    OtherProduct or OtherMachine.
    """
    header, claims = jose.verify(token, product.public_keys)
    if header.get("typ") == RECEIPT:
        raise errors.InvalidResponse("it is the receipt of a deactivation")
    if header.get("typ") != RESPONSE:
        raise errors.InvalidResponse("it is no response to an activation")
    for name, kind in CLAIMS.items():
        if not isinstance(claims.get(name), kind):
            raise errors.InvalidResponse(f"{name} is missing or of another type")
    for name in TIMES:
        seconds(claims, name)
    if claims.get("pid") != product.id:
        raise errors.OtherProduct
    if claims.get("fp") != fingerprint:
        raise errors.OtherMachine
    came_online = state.online if online is None else online
    if not (came_online and "cnf" not in claims):
        _check_key(claims, state)
    return claims


def seconds(claims: Mapping[str, Any], name: str, missing: int | None = None) -> int:
    """A claim that is a time or a length in seconds; raises InvalidResponse for anything else."""
    value = claims.get(name, missing)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_NUMBER:
        raise errors.InvalidResponse(f"{name} is not a whole number")
    return value


def _check_key(claims: Mapping[str, Any], state: State) -> None:
    own = jose.thumbprint(jose.public_jwk(state.private_key())) if state.machine_key else ""
    confirmation = claims.get("cnf")
    if not own or not isinstance(confirmation, dict) or confirmation.get("jkt") != own:
        raise errors.OtherMachine
