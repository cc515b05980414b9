"""What products, policies and licences look like on the wire: for the Web API and for webhooks.

Names are those of the Web API v3. What has no value is left out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from audit.models import AuditEntry
from licenses.models import Activation, LicenseMeterAttribute, LicensePolicy, Product

Wire = dict[str, Any]


def valued(members: Mapping[str, Any]) -> Wire:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None}


def stamps(row: Any) -> Wire:
    """What every entity begins with."""
    return {"id": row.pk, "createdAt": row.created_at, "updatedAt": row.updated_at}


def metadata(row: Any, entries: Iterable[Mapping[str, Any]]) -> list[Wire]:
    """Metadata that is kept as JSON. It has no rows: an entry's id is made of its owner's and its
    key, and its times are the owner's."""
    return [
        {
            **stamps(row),
            "id": f"{row.pk}:{entry['key']}",
            "key": entry["key"],
            "value": entry["value"],
            "visible": bool(entry.get("visible")),
        }
        for entry in entries
    ]


def policy(row: LicensePolicy) -> Wire:
    return {
        **stamps(row),
        "name": row.name,
        "type": row.type,
        "keyPattern": row.key_pattern,
        **terms(row),
    }


def terms(row: Any) -> Wire:
    """What a policy prescribes and a licence has."""
    return {
        "validity": row.interval.nominal,
        "subscriptionInterval": row.subscription_interval,
        "expirationStrategy": row.expiration_strategy,
        "fingerprintMatchingStrategy": row.fingerprint_matching_strategy,
        "allowedActivations": row.allowed_activations,
        "allowedDeactivations": row.allowed_deactivations,
        "allowVmActivation": row.allow_vm_activation,
        "allowContainerActivation": row.allow_container_activation,
        "serverSyncInterval": row.server_sync_interval,
        "serverSyncGracePeriod": row.server_sync_grace_period,
        "allowedClockOffset": row.allowed_clock_offset,
        "leaseDuration": row.lease_duration,
        "leasingStrategy": row.leasing_strategy,
        "allowedFloatingClients": row.allowed_floating_clients,
    }


def product(row: Product) -> Wire:
    """A product, with its counts and the key in use beside it (`products_on_the_wire`)."""
    return valued(
        {
            **stamps(row),
            "name": row.name,
            "displayName": row.display_name or row.name,
            "description": row.description,
            "publicKey": row.public_pem,  # type: ignore[attr-defined]
            "totalLicenses": row.total_licenses,  # type: ignore[attr-defined]
            "totalReleases": row.total_releases,  # type: ignore[attr-defined]
            "licensePolicy": policy(row.default_policy) if row.default_policy else None,
            "metadata": metadata(row, row.metadata),
        }
    )


def activation(row: Activation) -> Wire:
    return valued(
        {
            **stamps(row),
            **machine(row),
            "offline": row.offline,
            "licenseId": row.license_id,
            "lastSyncedAt": row.last_synced_at,
            "leaseExpiresAt": row.lease_expires_at,
            "expiresAt": row.expires_at,
            "metadata": machine_metadata(row),
            "meterAttributes": row.meter_attributes,
        }
    )


def machine(row: Any) -> Wire:
    """What a program has told of its machine."""
    return {
        "os": row.os,
        "osVersion": row.os_version,
        "hostname": row.hostname,
        "vmName": row.vm_name,
        "container": row.container,
        "appVersion": row.app_version,
    }


def machine_metadata(row: Any) -> list[Wire]:
    """Metadata of a program, which has no visibility."""
    entries = metadata(row, row.metadata)
    return [{name: each[name] for name in each if name != "visible"} for each in entries]


def activation_log(row: AuditEntry) -> Wire:
    """An entry of the trail about a machine's seat; older ones say no more than its name."""
    told = row.details
    return valued(
        {
            "id": row.pk,
            "createdAt": row.created_at,
            "updatedAt": row.created_at,
            "action": row.action,
            "os": told.get("os"),
            "osVersion": told.get("os_version"),
            "hostname": told.get("hostname"),
            "vmName": told.get("vm_name"),
            "container": told.get("container"),
            "appVersion": told.get("app_version"),
            "location": {"ipAddress": row.ip} if row.ip else None,
            "licenseId": row.license_id,
        }
    )


def counted(entry: Mapping[str, Any], meter: LicenseMeterAttribute) -> Wire:
    """What a machine, and its licence, have used of a meter attribute."""
    return {
        "name": meter.name,
        "uses": entry["uses"],
        "licenseAllowedUses": meter.allowed_uses,
        "licenseTotalUses": meter.total_uses,
        "licenseGrossUses": meter.gross_uses,
    }
