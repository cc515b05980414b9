"""What can go wrong with a server: it is not there, it answers nonsense, or it refuses.

A refusal is an error of its own by the server's `code`; `str(error)` is the server's sentence.
"""

from __future__ import annotations

from typing import ClassVar

from portal_licensing.errors import LicensingError


class ServerUnreachable(LicensingError):
    """Nobody answered, or not in time: what is kept stays valid until its grace period ends."""

    code = "SERVER_UNREACHABLE"
    sentence = (
        "The licence server can't be reached: set up the network (and a proxy, if there is one), "
        "then try again."
    )


class UnusableAnswer(LicensingError):
    """Somebody answered who is no portal, or speaks another language."""

    code = "UNUSABLE_ANSWER"
    sentence = (
        "What answered in the place of the licence server is none: set the address right, or ask "
        "whoever runs the network."
    )


class DownloadDamaged(LicensingError):
    code = "DOWNLOAD_DAMAGED"
    sentence = "The download is not the vendor's file: download it again."


class Refused(LicensingError):
    """The server has refused. `status` is HTTP's; `code` the server's, also where it has no class
    of its own here; `retry_after` for how many seconds it wants nothing more, 0 if it doesn't
    say."""

    code = "REFUSED"
    sentence = "The licence server has refused: ask the vendor's support."
    known: ClassVar[dict[str, type[Refused]]] = {}

    def __init_subclass__(cls) -> None:
        Refused.known[cls.code] = cls

    def __init__(
        self, message: str = "", *, code: str = "", status: int = 0, retry_after: float = 0
    ) -> None:
        super().__init__()
        self.args = (message or self.sentence,)
        self.code = code or self.code
        self.status = status
        self.retry_after = retry_after


def refusal(code: str, message: str, *, status: int, retry_after: float = 0) -> Refused:
    """The error of this code."""
    kind = Refused.known.get(code, Refused)
    return kind(message, code=code, status=status, retry_after=retry_after)


class InvalidProductId(Refused):
    code = "INVALID_PRODUCT_ID"


class InvalidLicenseKey(Refused):
    code = "INVALID_LICENSE_KEY"


class InvalidActivationFingerprint(Refused):
    code = "INVALID_ACTIVATION_FINGERPRINT"


class RevokedLicense(Refused):
    code = "REVOKED_LICENSE"


class ActivationLimitReached(Refused):
    code = "ACTIVATION_LIMIT_REACHED"


class ActivationNotFound(Refused):
    code = "ACTIVATION_NOT_FOUND"


class DeactivationLimitReached(Refused):
    code = "DEACTIVATION_LIMIT_REACHED"


class OfflineDeactivationRequired(Refused):
    code = "OFFLINE_DEACTIVATION_REQUIRED"


class MachineKeyReplacedTooOften(Refused):
    code = "MACHINE_KEY_REPLACED_TOO_OFTEN"


class VmActivationNotAllowed(Refused):
    code = "VM_ACTIVATION_NOT_ALLOWED"


class ContainerActivationNotAllowed(Refused):
    code = "CONTAINER_ACTIVATION_NOT_ALLOWED"


class CountryNotAllowed(Refused):
    code = "COUNTRY_NOT_ALLOWED"


class IpAddressNotAllowed(Refused):
    code = "IP_ADDRESS_NOT_ALLOWED"


class UserNotAllowed(Refused):
    code = "USER_NOT_ALLOWED"


class AuthenticationFailed(Refused):
    code = "AUTHENTICATION_FAILED"


class TrialNotAllowed(Refused):
    code = "TRIAL_NOT_ALLOWED"


class MeterLimitReached(Refused):
    """The licence allows no more uses; nothing was counted."""

    code = "METER_ATTRIBUTE_USES_LIMIT_REACHED"


class MeterNotFound(Refused):
    code = "METER_ATTRIBUTE_NOT_FOUND"


class MaintenanceExpired(Refused):
    code = "MAINTENANCE_EXPIRED"


class VendorInactive(Refused):
    code = "VENDOR_INACTIVE"


class TooManyRequests(Refused):
    code = "TOO_MANY_REQUESTS"
