"""The activation token: the signed JWT that proves an activation to the vendor's program.

Its claims are listed in docs/offline-protocol.md. The offline response is this very token.
"""

from datetime import datetime
from typing import Any

from django.db.models import F
from joserfc import jwt

from accounts.metadata import visible_only
from accounts.models import User
from licenses.models import (
    Activation,
    License,
    LicenseMeterAttribute,
    ProductVersion,
    SigningKey,
    TrialActivation,
)
from licenses.verbs.signing_keys import key_in_use, private_key

ALGORITHM = "RS256"


def issue_token(activation: Activation, *, now: datetime, **extra: Any) -> str:
    """The token of an activation, signed with the product's key in use.

    The activation's licence comes with product and user loaded. `extra` are further claims
    (`orv`, `req` of an offline response).
    """
    license = activation.license
    return sign(token_claims(activation, license, now=now) | extra, key_in_use(license.product))


def sign(claims: dict[str, Any], key: SigningKey, *, typ: str = "JWT") -> str:
    """The claims as an RS256 JWS whose header names the key by its `kid`."""
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": typ}
    return jwt.encode(header, claims, private_key(key), algorithms=[ALGORITHM])


def token_claims(activation: Activation, license: License, *, now: datetime) -> dict[str, Any]:
    """What the token says, in the names of docs/offline-protocol.md; times in seconds."""
    product = license.product
    return {
        "aid": str(activation.pk),
        "pid": str(product.pk),
        "lid": str(license.pk),
        "key": license.key,
        "type": license.type,
        "fp": activation.fingerprint,
        "fms": license.fingerprint_matching_strategy,
        "os": activation.os,
        "iat": int(now.timestamp()),
        "eat": _seconds(activation.expires_at or license.expires_at),
        "leat": _seconds(activation.lease_expires_at),
        "orv": 0,
        "suspended": license.suspended,
        "ssi": license.server_sync_interval,
        "ssgpeat": _sync_grace_end(activation, license, now),
        "aco": license.allowed_clock_offset,
        "fc": license.allowed_floating_clients,
        "ls": license.leasing_strategy,
        "ld": license.lease_duration,
        "pmd": visible_only(product.metadata),
        "lmd": list(license.metadata.filter(visible=True).values("key", "value")),
        "amd": activation.metadata,
        "lma": _license_meters(license),
        "ama": activation.meter_attributes,
        "lcat": _seconds(license.created_at),
        "laat": _seconds(license.first_activated_at),
        **_features(license.product_version),
        **_owner(license.user),
        **_confirmation(activation),
    }


def trial_token(trial: TrialActivation, *, now: datetime, **extra: Any) -> str:
    """The token of a trial, signed with the product's key in use; the trial comes with its product
    and the product's trial policy. `extra` as for `issue_token`."""
    return sign(trial_claims(trial, now=now) | extra, key_in_use(trial.product))


def trial_claims(trial: TrialActivation, *, now: datetime) -> dict[str, Any]:
    """What the token of a trial says: the claims of an activation's, as far as there is something
    to say without a licence."""
    policy = trial.product.trial_policy
    return {
        "aid": str(trial.pk),
        "pid": str(trial.product_id),
        "lid": "",
        "key": "",
        "type": "trial",
        "fp": trial.fingerprint,
        "fms": policy.fingerprint_matching_strategy if policy else "exact",
        "os": trial.os,
        "iat": int(now.timestamp()),
        "eat": _seconds(trial.expires_at),
        "leat": 0,
        "orv": 0,
        "suspended": False,
        "ssi": 0,
        "ssgpeat": 0,
        "aco": 3600,
        "fc": 0,
        "ls": "per-machine",
        "ld": 0,
        "pmd": visible_only(trial.product.metadata),
        "lmd": [],
        "amd": trial.metadata,
        "lma": [],
        "ama": [],
        "lcat": _seconds(trial.created_at),
        "laat": _seconds(trial.created_at),
        **_features(None),
        **_owner(None),
    }


def _features(version: ProductVersion | None) -> dict[str, Any]:
    """The licence's product version and its features; empty without one."""
    if version is None:
        return {"pvn": "", "pvdn": "", "pvff": []}
    features = version.features.values("enabled", "data", name=F("flag__name"))
    return {"pvn": version.name, "pvdn": str(version), "pvff": list(features.order_by("name"))}


def _owner(user: User | None) -> dict[str, Any]:
    """Whose licence it is; empty words while it is nobody's."""
    if user is None:
        return {"name": "", "email": "", "company": "", "umd": []}
    return {
        "name": user.full_name,
        "email": user.email,
        "company": user.company,
        "umd": visible_only(user.metadata),
    }


def _confirmation(activation: Activation) -> dict[str, Any]:
    """The key that the token is bound to (RFC 7800), for an offline machine."""
    if not activation.machine_thumbprint:
        return {}
    return {"cnf": {"jkt": activation.machine_thumbprint}}


def _sync_grace_end(activation: Activation, license: License, now: datetime) -> int:
    """When a machine that can't reach the server has to stop; never for an offline machine."""
    if activation.offline or license.server_sync_grace_period == 0:
        return 0
    return int(now.timestamp()) + license.server_sync_interval + license.server_sync_grace_period


def _license_meters(license: License) -> list[dict[str, Any]]:
    meters = LicenseMeterAttribute.objects.filter(license_id=license.pk, visible=True)
    return [
        {"name": meter.name, "allowedUses": meter.allowed_uses, "totalUses": meter.total_uses}
        for meter in meters
    ]


def _seconds(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment else 0
