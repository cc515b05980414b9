"""What programs are told of an error that the rooms raise: a status where it is another one than
for pages, and a sentence where the room's own speaks to somebody who hands in a file."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.links import LinkRefused
from licenses import errors as licensing
from offline import errors as offline
from releases import errors as releases
from web.errors import PortalError, in_json

BAD, MISSING = HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND

# Of an error that has no row here, but a case of which it is has one, that row counts.
STATUSES: dict[type[PortalError], HTTPStatus] = {
    LinkRefused: BAD,
    licensing.ActivationLimitReached: BAD,
    licensing.ActivationNotFound: MISSING,
    licensing.ContainerActivationNotAllowed: BAD,
    licensing.CountryNotAllowed: BAD,
    licensing.ExpiredLicense: BAD,
    licensing.InvalidActivationFingerprint: BAD,
    licensing.InvalidLicenseKey: BAD,
    licensing.InvalidLicenseType: BAD,
    licensing.InvalidProductId: BAD,
    licensing.IpAddressNotAllowed: BAD,
    licensing.MachineKeyReplacedTooOften: BAD,
    licensing.MeterAttributeNotFound: MISSING,
    licensing.MeterAttributeUsesLimitReached: BAD,
    licensing.RevokedLicense: BAD,
    licensing.SuspendedLicense: BAD,
    licensing.UserNotAllowed: BAD,
    licensing.VmActivationNotAllowed: BAD,
    offline.InvalidOfflineRequest: BAD,
    releases.AddressMissing: BAD,
    releases.PlatformUnknown: BAD,
    releases.ReleaseNotFound: MISSING,
    releases.UploadIncomplete: BAD,
    licensing.TrialNotAllowed: BAD,
}

SENTENCES: dict[type[PortalError], Any] = {
    licensing.ActivationLimitReached: _("All seats of this licence are in use."),
    licensing.ActivationNotFound: _("There is no activation with this id."),
    licensing.ContainerActivationNotAllowed: _("This licence can't be used in a container."),
    licensing.DeactivationLimitReached: _(
        "All deactivations that this licence allows have been used."
    ),
    licensing.InvalidActivationFingerprint: _(
        "The fingerprint is not this machine's, or not one of 64 to 256 visible characters."
    ),
    licensing.OfflineMachineKeepsItsSeat: _(
        "This machine was activated offline: it gives its seat back by a deactivation request."
    ),
    licensing.RevokedLicense: _("This licence has been revoked."),
    releases.ReleaseNotFound: _("There is no such release."),
    licensing.VmActivationNotAllowed: _("This licence can't be used on a virtual machine."),
}


def refusal(error: PortalError) -> HttpResponse:
    """The answer for a program."""
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), None)
    return in_json(error, status=status, sentence=SENTENCES.get(type(error)))
