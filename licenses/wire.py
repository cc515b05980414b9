"""What products, policies and licences look like on the wire: for the Web API and for webhooks.

Names are those of the Web API v3. What has no value is left out.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet

from accounts.wire import user
from audit.models import AuditEntry
from licenses.models import (
    Activation,
    ExpirationStrategy,
    FeatureFlag,
    License,
    LicenseMetadata,
    LicenseMeterAttribute,
    LicensePolicy,
    MaintenancePolicy,
    Product,
    ProductVersion,
    TrialActivation,
    TrialPolicy,
    VersionFeature,
)
from web.wire import Wire, metadata, stamps, valued


def policy(row: LicensePolicy) -> Wire:
    return {
        **stamps(row),
        "name": row.name,
        "type": row.type,
        "keyPattern": row.key_pattern,
        "requiredMetadataKeys": row.required_metadata_keys,
        "requiredMeterAttributes": row.required_meter_attributes,
        **terms(row),
    }


# When a validity begins to count, as it is called today.
TRIGGERS = {
    ExpirationStrategy.IMMEDIATE: "creation",
    ExpirationStrategy.DELAYED: "activation",
}


def terms(row: Any) -> Wire:
    """What a policy prescribes and a licence has."""
    trigger = TRIGGERS.get(ExpirationStrategy(row.expiration_strategy))
    return {
        **({"subscriptionStartTrigger": trigger} if trigger else {}),
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
        "allowClientLeaseDuration": row.allow_client_lease_duration,
        "expiringSoonEventOffset": row.expiring_soon_event_offset,
        "allowedCountries": row.allowed_countries,
        "disallowedCountries": row.disallowed_countries,
        "allowedIpAddresses": row.allowed_ip_addresses,
        "disallowedIpAddresses": row.disallowed_ip_addresses,
        "allowedIpRanges": row.allowed_ip_ranges,
        "userLocked": row.user_locked,
        "requireAuthentication": row.require_authentication,
        "disableGeoLocation": row.disable_geo_location,
    }


def maintenance_policy(row: MaintenancePolicy) -> Wire:
    return {
        **stamps(row),
        "name": row.name,
        "validity": row.interval.nominal,
        "subscriptionInterval": row.subscription_interval,
        "expirationStrategy": row.expiration_strategy,
        "allowMajorVersionUpdates": row.allow_major_version_updates,
        "allowMinorVersionUpdates": row.allow_minor_version_updates,
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
            "totalTrialActivations": row.total_trials,  # type: ignore[attr-defined]
            "totalProductVersions": row.total_versions,  # type: ignore[attr-defined]
            "totalFeatureFlags": row.total_flags,  # type: ignore[attr-defined]
            "licensePolicy": policy(row.default_policy) if row.default_policy else None,
            "trialPolicy": trial_policy(row.trial_policy) if row.trial_policy else None,
            "metadata": metadata(row, row.metadata),
        }
    )


def feature_flag(row: FeatureFlag) -> Wire:
    return {
        **stamps(row),
        "name": row.name,
        "description": row.description,
        "productId": row.product_id,
    }


def product_version(row: ProductVersion) -> Wire:
    """A product version with what it says of features, which come with it
    (`versions_with_features`)."""
    return {
        **stamps(row),
        "name": row.name,
        "displayName": row.display_name or row.name,
        "description": row.description,
        "productId": row.product_id,
        "featureFlags": [feature(each) for each in row.features.all()],
    }


def feature(row: VersionFeature) -> Wire:
    """What a product version says of a feature."""
    return {**stamps(row), "name": row.flag.name, "enabled": row.enabled, "data": row.data}


def versions_with_features(rows: QuerySet[ProductVersion]) -> QuerySet[ProductVersion]:
    """The product versions with all that is told of them."""
    features = VersionFeature.objects.select_related("flag").order_by("flag__name")
    return rows.prefetch_related(Prefetch("features", features))


def license(row: Any, hidden: Collection[str] = ()) -> Wire:
    """A licence as its vendor reads it, without the members in `hidden`; what hangs on it comes
    with it (`with_wire`). `expiresAt` alone may be null."""
    told = {
        **stamps(row),
        "key": row.key,
        "type": row.type,
        **terms(row),
        "revoked": row.revoked,
        "suspended": row.suspended,
        "totalActivations": row.total_activations,
        "totalDeactivations": row.total_deactivations,
        "notes": row.notes,
        "productId": row.product_id,
        "productVersionId": row.product_version_id,
        "licensePolicyId": row.policy_id,
        "licenseTemplateId": row.policy_id,
        "maintenancePolicyId": row.maintenance_policy_id,
        "maintenanceExpiresAt": row.maintenance_expires_at,
        "maxAllowedReleaseVersion": row.max_allowed_release_version or None,
        "user": user(row.user) if row.user else None,
        "additionalUserIds": [each.user_id for each in row.its_license_users],
        "metadata": [value(each) for each in row.its_metadata],
        "meterAttributes": [meter(each) for each in row.its_meter_attributes],
        "tags": [each.name for each in row.its_tags],
    }
    shown = {name: value for name, value in told.items() if name not in hidden}
    return valued(shown) | {"expiresAt": row.expires_at}


def value(row: LicenseMetadata) -> Wire:
    """One of a licence's named values."""
    return {**stamps(row), "key": row.key, "value": row.value, "visible": row.visible}


def meter(row: LicenseMeterAttribute) -> Wire:
    """One of a licence's meters, in a licence that the vendor reads."""
    return {**stamps(row), **own_meter(row), "visible": row.visible}


def with_wire(rows: QuerySet[License]) -> QuerySet[License]:
    """The licences with all that is told of them."""
    # As lists: a manager and a query for each row would cost more than all else.
    hanging = ("license_users", "metadata", "meter_attributes", "tags")
    of_licenses = (Prefetch(name, to_attr=f"its_{name}") for name in hanging)
    return rows.select_related("user").prefetch_related("user__tags", *of_licenses)


def activation(row: Activation) -> Wire:
    return valued(
        {
            **stamps(row),
            "fingerprint": row.fingerprint,
            **machine(row),
            "location": location(row),
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


def location(row: Any) -> Wire | None:
    """Where a machine was activated from, as far as it is kept: the country."""
    return {"countryCode": row.country} if row.country else None


def machine_metadata(row: Any) -> list[Wire]:
    """Metadata of a program, which has no visibility."""
    entries = metadata(row, row.metadata)
    return [{name: each[name] for name in each if name != "visible"} for each in entries]


def trial_policy(row: TrialPolicy) -> Wire:
    return {
        **stamps(row),
        "name": row.name,
        "trialLength": row.trial_length,
        "fingerprintMatchingStrategy": row.fingerprint_matching_strategy,
        "allowVmActivation": row.allow_vm_activation,
        "allowContainerActivation": row.allow_container_activation,
        "userLocked": row.user_locked,
        "disableGeoLocation": row.disable_geo_location,
        "allowedCountries": row.allowed_countries,
        "disallowedCountries": row.disallowed_countries,
        "allowedIpAddresses": row.allowed_ip_addresses,
        "allowedIpRanges": row.allowed_ip_ranges,
        "disallowedIpAddresses": row.disallowed_ip_addresses,
    }


def trial(row: TrialActivation) -> Wire:
    return valued(
        {
            **stamps(row),
            "fingerprint": row.fingerprint,
            **machine(row),
            "location": location(row),
            "offline": row.offline,
            "expiresAt": row.expires_at,
            "productId": row.product_id,
            "metadata": machine_metadata(row),
        }
    )


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


def own_license(row: License) -> Wire:
    """A licence as its customer reads it; its product, its product version and its meters come with
    it."""
    version = row.product_version
    return valued(
        {
            **stamps(row),
            "key": row.key,
            "revoked": row.revoked,
            "suspended": row.suspended,
            "type": row.type,
            "validity": row.interval.nominal,
            "subscriptionInterval": row.subscription_interval,
            "totalActivations": row.total_activations,
            "totalDeactivations": row.total_deactivations,
            "allowedActivations": row.allowed_activations,
            "allowedDeactivations": row.allowed_deactivations,
            "allowedFloatingClients": row.allowed_floating_clients,
            "leaseDuration": row.lease_duration,
            "expiresAt": row.expires_at,
            "maintenanceExpiresAt": row.maintenance_expires_at,
            "notes": row.notes,
            "meterAttributes": [own_meter(each) for each in row.meter_attributes.all()],
            "product": {"displayName": str(row.product)},
            "productVersion": {"displayName": str(version)} if version else None,
        }
    )


def own_meter(row: LicenseMeterAttribute) -> Wire:
    """A meter in a licence of one's own; there it has no id."""
    return {
        "name": row.name,
        "allowedUses": row.allowed_uses,
        "totalUses": row.total_uses,
        "grossUses": row.gross_uses,
        "floating": row.floating,
    }
