"""The terms of policies and licences in requests and answers."""

from typing import Any

from pydantic import Field

from api.bodies import Answer, Body
from api.errors import InvalidRequest
from licenses.intervals import LONGEST, changed_to
from licenses.models import TERMS, LicenseTerms
from licenses.wire import TRIGGERS

# When a validity begins to count, as it is called today.
BY_TRIGGER = {trigger: strategy for strategy, trigger in TRIGGERS.items()}
Texts = list[str]
NO_TEXTS: Any = Field(default_factory=list)


class ValidityBody(Body):
    """How long something lasts: `subscriptionInterval` by the calendar or `validity` in seconds,
    of which the former counts; nothing of both is for ever."""

    validity: int = Field(0, ge=0, le=LONGEST)
    subscription_interval: str = ""
    expiration_strategy: str = ""
    subscription_start_trigger: str = ""

    def lasting(self, current: Any) -> dict[str, Any]:
        """What was supplied of it, in the fields of the row `current`."""
        given = self.given
        told: dict[str, Any] = {
            name: given[name]
            for name in ("subscription_interval", "expiration_strategy")
            if name in given
        }
        if "validity" in given:
            interval = str(changed_to(self.validity, current.interval))
            told.setdefault("subscription_interval", interval)
        if self.subscription_start_trigger:
            if self.subscription_start_trigger not in BY_TRIGGER:
                raise InvalidRequest("subscriptionStartTrigger: use creation or activation.")
            trigger = BY_TRIGGER[self.subscription_start_trigger]
            told.setdefault("expiration_strategy", trigger)
        return told


class TermsBody(ValidityBody):
    type: str = ""
    fingerprint_matching_strategy: str = ""
    allowed_activations: int = 1
    allowed_deactivations: int = -1
    allow_vm_activation: bool = True
    allow_container_activation: bool = True
    server_sync_interval: int = 0
    server_sync_grace_period: int = 0
    allowed_clock_offset: int = 0
    lease_duration: int = 0
    leasing_strategy: str = ""
    allowed_floating_clients: int = 0
    allow_client_lease_duration: bool = False
    expiring_soon_event_offset: int = 0
    allowed_countries: Texts = NO_TEXTS
    disallowed_countries: Texts = NO_TEXTS
    allowed_ip_addresses: Texts = NO_TEXTS
    disallowed_ip_addresses: Texts = NO_TEXTS
    allowed_ip_ranges: Texts = NO_TEXTS
    allowed_ip_range: str = ""
    user_locked: bool = False
    require_authentication: bool = False
    disable_geo_location: bool = False

    def terms(self, current: LicenseTerms) -> dict[str, Any]:
        """The terms that were supplied, beside those that the row has now."""
        given = self.given
        told = {name: given[name] for name in TERMS if name in given} | self.lasting(current)
        if "allowed_ip_range" in given:
            told.setdefault(
                "allowed_ip_ranges", [self.allowed_ip_range] * bool(self.allowed_ip_range)
            )
        return told


class TermsAnswer(Answer):
    type: str
    validity: int
    subscription_interval: str
    expiration_strategy: str
    subscription_start_trigger: str | None = None
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
    allowed_countries: Texts
    disallowed_countries: Texts
    allowed_ip_addresses: Texts
    disallowed_ip_addresses: Texts
    allowed_ip_ranges: Texts
    user_locked: bool
    require_authentication: bool
    disable_geo_location: bool


def put(row: Any, values: dict[str, Any]) -> list[str]:
    """Sets the fields of a row that is not saved by this; their names."""
    for name, value in values.items():
        setattr(row, name, value)
    return list(values)
