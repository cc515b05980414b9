"""Why a licence verb refused: one named error per reason, each with the code of the Web API v3."""


class LicensingError(Exception):
    """A rule of the licence refused the act; nothing was changed. `code` is what clients know."""

    code = ""


class InvalidProductId(LicensingError):
    code = "INVALID_PRODUCT_ID"


class InvalidLicenseKey(LicensingError):
    code = "INVALID_LICENSE_KEY"


class InvalidOfflineRequest(LicensingError):
    """The file is no well-formed, properly signed request; `args[0]` says what is wrong."""

    code = "INVALID_OFFLINE_REQUEST"


class TrialNotAllowed(LicensingError):
    """A trial request was handed in where a licence is needed."""

    code = "TRIAL_NOT_ALLOWED"


class RequestUsedUp(LicensingError):
    """The request was answered before, and the activation that it began has ended since."""

    code = "ACTIVATION_NOT_FOUND"


class InvalidLicenseType(LicensingError):
    code = "INVALID_LICENSE_TYPE"


class InvalidActivationFingerprint(LicensingError):
    code = "INVALID_ACTIVATION_FINGERPRINT"


class RevokedLicense(LicensingError):
    code = "REVOKED_LICENSE"


class SuspendedLicense(LicensingError):
    code = "SUSPENDED_LICENSE"


class ExpiredLicense(LicensingError):
    code = "EXPIRED_LICENSE"


class VmActivationNotAllowed(LicensingError):
    code = "VM_ACTIVATION_NOT_ALLOWED"


class ContainerActivationNotAllowed(LicensingError):
    code = "CONTAINER_ACTIVATION_NOT_ALLOWED"


class ActivationLimitReached(LicensingError):
    code = "ACTIVATION_LIMIT_REACHED"


class MeterAttributeUsesLimitReached(LicensingError):
    code = "METER_ATTRIBUTE_USES_LIMIT_REACHED"


class ActivationNotFound(LicensingError):
    code = "ACTIVATION_NOT_FOUND"


class DeactivationLimitReached(LicensingError):
    code = "DEACTIVATION_LIMIT_REACHED"


class CustomerDeactivationNotAllowed(LicensingError):
    """The vendor does not let customers deactivate machines of this product themselves."""

    code = "DEACTIVATION_NOT_ALLOWED"


class OfflineMachineKeepsItsSeat(LicensingError):
    """Only the machine's own deactivation request gives back the seat of an offline machine."""

    code = "OFFLINE_DEACTIVATION_REQUIRED"


class MaintenanceNotRenewable(LicensingError):
    """The licence has no maintenance, or one that never ends or has not begun to count."""

    code = "MAINTENANCE_NOT_RENEWABLE"


class ValidityNotRenewable(LicensingError):
    """The licence never expires, has not begun to count, or counts per machine."""

    code = "LICENSE_NOT_RENEWABLE"


class DateTooFar(LicensingError):
    """The date would lie beyond the year 9999, the last one that dates know."""

    code = "DATE_TOO_FAR"


class ChangedMeanwhile(LicensingError):
    """The licence is not as it was when the change was looked at before."""

    code = "LICENSE_CHANGED"


class OwnerIsInactive(LicensingError):
    """The customer who owns the licence is switched off and gets no e-mails about it."""

    code = "USER_INACTIVE"
