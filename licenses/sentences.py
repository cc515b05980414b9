"""What a refusal says to the customer: one sentence per error, what happened and what to do."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from licenses import errors

SENTENCES: dict[type[errors.LicensingError], str | Promise] = {
    errors.InvalidOfflineRequest: _(
        "This is not a complete, unchanged request file: make a new one on the machine and hand "
        "in that file as it is."
    ),
    errors.InvalidProductId: _(
        "This file is for a product that is not offered here: check that you are on the portal "
        "of the company that made the program."
    ),
    errors.InvalidLicenseKey: _(
        "The licence key in this file is not one of yours for this product: check the key on the "
        "machine, or sign in with the account that holds the licence."
    ),
    errors.RevokedLicense: _(
        "This licence has been revoked, so its machines can't be changed: ask support if you "
        "think that is a mistake."
    ),
    errors.SuspendedLicense: _(
        "This licence is suspended: ask support why, and hand in the file again once the "
        "suspension is lifted."
    ),
    errors.ExpiredLicense: _(
        "This licence has expired: renew it, then hand in the same file again."
    ),
    errors.InvalidLicenseType: _(
        "This is a floating licence, which can't be activated with a file: connect the machine to "
        "your licence server instead."
    ),
    errors.InvalidActivationFingerprint: _(
        "The file does not identify the machine properly: ask support for an update of the program."
    ),
    errors.VmActivationNotAllowed: _(
        "This licence can't be used on a virtual machine: make a new request on a physical machine."
    ),
    errors.ContainerActivationNotAllowed: _(
        "This licence can't be used in a container: make a new request outside the container."
    ),
    errors.ActivationLimitReached: _(
        "All seats of this licence are in use: deactivate a machine that you no longer need, then "
        "hand in the file again."
    ),
    errors.MeterAttributeUsesLimitReached: _(
        "This machine asks for more uses of a feature than the licence has left: ask support for "
        "more, or lower the number on the machine."
    ),
    errors.ActivationNotFound: _(
        "The machine in this file has no seat on this licence any more, so there is nothing to "
        "give back."
    ),
    errors.RequestUsedUp: _(
        "This request was used before and its machine has been deactivated since: make a new "
        "request on the machine."
    ),
    errors.DeactivationLimitReached: _(
        "All deactivations that this licence allows have been used: ask support to free the seat."
    ),
    errors.TrialNotAllowed: _(
        "This file asks for a trial, which needs no licence and can't be answered here: hand it "
        "in on the trial page of the program's website."
    ),
    errors.CustomerDeactivationNotAllowed: _(
        "Machines of this product can be deactivated by support only: ask support to free the seat."
    ),
    errors.OfflineMachineKeepsItsSeat: _(
        "This machine was activated offline: make a deactivation file on it and hand that in on "
        "the Offline page."
    ),
    errors.DateTooFar: _("The date would lie too far in the future."),
    errors.ChangedMeanwhile: _(
        "Somebody has changed this licence since the preview: look at it again."
    ),
    errors.MaintenanceNotRenewable: _("This licence has no end of maintenance to be moved."),
    errors.ValidityNotRenewable: _("This licence has no expiry date that could be moved."),
    errors.OwnerIsInactive: _(
        "The customer of this licence is inactive: make the account active first, or give the "
        "licence to somebody else."
    ),
}


def sentence(error: errors.LicensingError | type[errors.LicensingError]) -> str:
    """The customer's sentence for an error."""
    return str(SENTENCES[error if isinstance(error, type) else type(error)])
