"""Why a licence verb refused: one named error per reason, with the code of the Web API v3 and what
it says to the customer, what happened and what to do."""

from django.utils.translation import gettext_lazy as _

from web.errors import AuthenticationFailed, PortalError


class LicensingError(PortalError):
    """A rule of the licence refused the act."""


class InvalidProductId(LicensingError):
    """There is no such product here."""

    code = "INVALID_PRODUCT_ID"
    text = _("There is no product with this id.")


class InvalidLicenseKey(LicensingError):
    """The product has no licence with this key."""

    code = "INVALID_LICENSE_KEY"
    text = _("There is no licence with this key for this product.")


class InvalidLicenseType(LicensingError):
    code = "INVALID_LICENSE_TYPE"
    text = _(
        "This is a floating licence, which can't be activated with a file: connect the machine to "
        "your licence server instead."
    )


class InvalidActivationFingerprint(LicensingError):
    code = "INVALID_ACTIVATION_FINGERPRINT"
    text = _(
        "The file does not identify the machine properly: ask support for an update of the program."
    )


class RevokedLicense(LicensingError):
    code = "REVOKED_LICENSE"
    text = _(
        "This licence has been revoked, so its machines can't be changed: ask support if you "
        "think that is a mistake."
    )


class SuspendedLicense(LicensingError):
    code = "SUSPENDED_LICENSE"
    text = _(
        "This licence is suspended: ask support why, and hand in the file again once the "
        "suspension is lifted."
    )


class ExpiredLicense(LicensingError):
    code = "EXPIRED_LICENSE"
    text = _("This licence has expired: renew it, then hand in the same file again.")


class VmActivationNotAllowed(LicensingError):
    code = "VM_ACTIVATION_NOT_ALLOWED"
    text = _(
        "This licence can't be used on a virtual machine: make a new request on a physical machine."
    )


class ContainerActivationNotAllowed(LicensingError):
    code = "CONTAINER_ACTIVATION_NOT_ALLOWED"
    text = _("This licence can't be used in a container: make a new request outside the container.")


class TrialNotAllowed(LicensingError):
    """The product can't be tried."""

    code = "TRIAL_NOT_ALLOWED"
    text = _("This product can't be tried: ask the company that makes it for a licence.")


class CountryNotAllowed(LicensingError):
    code = "COUNTRY_NOT_ALLOWED"
    text = _("This licence can't be activated from this country.")


class IpAddressNotAllowed(LicensingError):
    code = "IP_ADDRESS_NOT_ALLOWED"
    text = _("This licence can't be activated from this IP address.")


class UserNotAllowed(LicensingError):
    """The machine's activation is locked to its first user, and it is another one."""

    code = "USER_NOT_ALLOWED"
    text = _(
        "This licence is used by the first user of a machine alone: sign in on the machine as "
        "that user."
    )


class NotItsCustomer(LicensingError, AuthenticationFailed):
    """The licence asks for its customer's sign-in, and this is not it."""

    status = 400
    text = _("This licence asks for the e-mail and password of its customer on the portal.")


class ActivationLimitReached(LicensingError):
    code = "ACTIVATION_LIMIT_REACHED"
    text = _(
        "All seats of this licence are in use: deactivate a machine that you no longer need, then "
        "hand in the file again."
    )


class MeterAttributeUsesLimitReached(LicensingError):
    code = "METER_ATTRIBUTE_USES_LIMIT_REACHED"
    text = _(
        "This machine asks for more uses of a feature than the licence has left: ask support for "
        "more, or lower the number on the machine."
    )


class MeterAttributeNotFound(LicensingError):
    """The licence has no such meter attribute."""

    code = "METER_ATTRIBUTE_NOT_FOUND"
    text = _("The licence has no meter attribute %(detail)s.")


class ActivationNotFound(LicensingError):
    code = "ACTIVATION_NOT_FOUND"
    text = _(
        "The machine in this file has no seat on this licence any more, so there is nothing to "
        "give back."
    )


class MachineIsGone(ActivationNotFound):
    """A page about a machine that had a seat on the licence and has none any more; `detail` names
    it and says what became of it."""

    text = _("%(detail)s Its seat is free: there is nothing left to do.")


class DeactivationLimitReached(LicensingError):
    code = "DEACTIVATION_LIMIT_REACHED"
    text = _(
        "All deactivations that this licence allows have been used: ask support to free the seat."
    )


class MachineKeyReplacedTooOften(LicensingError):
    """The machine came with another key more often in a year than its product allows."""

    code = "MACHINE_KEY_REPLACED_TOO_OFTEN"
    text = _(
        "This machine was set up anew as often as is allowed in a year: ask support to free its "
        "seat, and next time deactivate the machine with its own file first."
    )


class CustomerDeactivationNotAllowed(LicensingError):
    """The vendor does not let customers deactivate machines of this product themselves."""

    code = "DEACTIVATION_NOT_ALLOWED"
    text = _(
        "Machines of this product can be deactivated by support only: ask support to free the seat."
    )


class OfflineMachineKeepsItsSeat(LicensingError):
    """Only the machine's own deactivation request gives back the seat of an offline machine."""

    code = "OFFLINE_DEACTIVATION_REQUIRED"
    text = _(
        "This machine was activated offline: make a deactivation file on it and hand that in on "
        "the Offline page."
    )


class ReleaseAskedAlready(LicensingError):
    """There is an open request to release this machine."""

    code = "RELEASE_ASKED_ALREADY"
    text = _("Support has been asked to release this machine already, and will answer by e-mail.")


class RequestAnswered(LicensingError):
    """The request to release is not open any more."""

    code = "REQUEST_ANSWERED"
    text = _("This request has been answered or is no longer needed: look at what came of it.")


class ReleaseNotNeeded(LicensingError):
    """The customer can free the seat with a click, and needs nobody."""

    code = "RELEASE_NOT_NEEDED"
    text = _("You can deactivate this machine yourself.")


class OwnReleasesUsedUp(LicensingError):
    """The customer has released as many machines in a year as the vendor allows."""

    code = "OWN_RELEASES_USED_UP"
    text = _(
        "You have released as many machines in the last year as is allowed without asking: ask "
        "support to release this one."
    )


class MaintenanceNotRenewable(LicensingError):
    """The licence has no maintenance, or one that never ends or has not begun to count."""

    code = "MAINTENANCE_NOT_RENEWABLE"
    text = _("This licence has no end of maintenance to be moved.")


class ValidityNotRenewable(LicensingError):
    """The licence never expires, has not begun to count, or counts per machine."""

    code = "LICENSE_NOT_RENEWABLE"
    text = _("This licence has no expiry date that could be moved.")


class ExpiryPerMachine(LicensingError):
    """Each machine of a rolling licence has an end of its own, and the licence has none."""

    code = "LICENSE_EXPIRES_PER_MACHINE"
    text = _(
        "Each machine of this licence has an end of its own, from its activation: there is no day "
        "to set for all of them."
    )


class EndsLater(LicensingError):
    """An extension never makes a licence end earlier."""

    code = "LICENSE_ENDS_LATER"
    text = _("This licence ends on that day or later already.")


class MaintenanceEndsLater(LicensingError):
    """A renewal never makes maintenance end earlier."""

    code = "MAINTENANCE_ENDS_LATER"
    text = _("The maintenance of this licence ends on that day or later already.")


class MaintenanceHasNoPolicy(LicensingError):
    """Maintenance is to end on a day, and there is none: the licence brings all versions."""

    code = "MAINTENANCE_HAS_NO_POLICY"
    text = _("Choose a maintenance policy, too: without one the licence brings all versions.")


class MaintenanceDayIsOver(LicensingError):
    """The day on which the maintenance of a new licence is to end is over."""

    code = "MAINTENANCE_DAY_IS_OVER"
    text = _("This day is over: the maintenance would have ended already.")


class DateTooFar(LicensingError):
    """The date would lie beyond the year 9999, the last one that dates know."""

    code = "DATE_TOO_FAR"
    text = _("The date would lie too far in the future.")


class ChangedMeanwhile(LicensingError):
    """The licence is not as it was when the change was looked at before."""

    code = "LICENSE_CHANGED"
    text = _("Somebody has changed this licence since the preview: look at it again.")


class LicenseHasNoOwner(LicensingError):
    """Nobody to write to."""

    code = "LICENSE_HAS_NO_USER"
    text = _("This licence has no customer: give it to somebody first.")


class DayIsOver(LicensingError):
    """A licence that is made for somebody can't have expired before it begins."""

    code = "EXPIRY_IN_THE_PAST"
    text = _("This day is over: the licence would be expired.")


class PolicyIsUsed(LicensingError):
    """Licences remember the policy that they began on, or are maintained by it; or it is what a
    product's new licences are on."""

    code = "POLICY_IN_USE"
    text = _("There are licences or products on this policy, so it is kept.")


class ProductIsUsed(LicensingError):
    """Licences, releases, product versions or feature flags are of the product, or machines trust
    its keys."""

    code = "PRODUCT_IN_USE"
    text = _(
        "There are licences, releases, product versions or feature flags of this product, or were "
        "machines, so it is kept."
    )


class ProductVersionIsUsed(LicensingError):
    """Licences have the product version."""

    code = "PRODUCT_VERSION_IN_USE"
    text = _(
        "There are licences of this product version, so it is kept: give them another one first."
    )


class FeatureFlagIsUsed(LicensingError):
    """Product versions say something of the feature."""

    code = "FEATURE_FLAG_IN_USE"
    text = _("Product versions have this feature flag, so it is kept: take it off them first.")


class ProductIsFixed(LicensingError):
    """A feature flag or a product version is moved to another product."""

    code = "PRODUCT_IS_FIXED"
    status = 400
    text = _("Feature flags and product versions stay with their product: make new ones instead.")


class RequiredIsMissing(LicensingError):
    """A new licence lacks what its policy asks for; `detail` names it."""

    code = "REQUIRED_MISSING"
    status = 400
    text = _("New licences on this policy need: %(detail)s.")


class LicenseIsUsed(LicensingError):
    """The licence can't be taken back."""

    code = "LICENSE_IS_USED"
    text = _("Somebody uses this licence already, so it stays.")


class OwnerIsInactive(LicensingError):
    """The customer who owns the licence is switched off and gets no e-mails about it."""

    code = "USER_INACTIVE"
    text = _(
        "The customer of this licence is inactive: make the account active first, or give the "
        "licence to somebody else."
    )


class AdditionalUserIsStaff(LicensingError):
    """A licence is shared with customers alone."""

    code = "ADDITIONAL_USER_IS_STAFF"
    text = _("%(detail)s belongs to a member of your staff.")
