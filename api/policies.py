"""Licence policies: `/v3/license-policies`, which are `/v3/license-templates` today."""

from uuid import UUID

from api.bodies import Answer, Moment


class PolicyAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    type: str
    key_pattern: str
    validity: int
    subscription_interval: str
    expiration_strategy: str
    fingerprint_matching_strategy: str
    allowed_activations: int
    allowed_deactivations: int
    allow_vm_activation: bool
    allow_container_activation: bool
    server_sync_interval: int
    server_sync_grace_period: int
    allowed_clock_offset: int
    lease_duration: int
    leasing_strategy: str
    allowed_floating_clients: int
    allow_client_lease_duration: bool
    expiring_soon_event_offset: int
    allowed_countries: list[str]
    disallowed_countries: list[str]
    allowed_ip_addresses: list[str]
    disallowed_ip_addresses: list[str]
    allowed_ip_ranges: list[str]
    user_locked: bool
    require_authentication: bool
    disable_geo_location: bool
    required_metadata_keys: list[str]
    required_meter_attributes: list[str]
