"""Why an offline file was refused by the rules of offline files; see docs/offline-protocol.md."""

from django.utils.translation import gettext_lazy as _

from licenses import errors as licensing
from licenses.errors import ActivationNotFound
from web.errors import PortalError


class InvalidOfflineRequest(PortalError):
    """The file is no well-formed, properly signed request; `detail` says what is wrong."""

    code = "INVALID_OFFLINE_REQUEST"
    text = _(
        "This is not a complete, unchanged request file: make a new one on the machine and hand "
        "in that file as it is."
    )


class AnswerHandedIn(InvalidOfflineRequest):
    """The file is what the portal answered: the other one of the two that are carried."""

    text = _(
        "This is the file with which a portal answers, not a request: give it to the program on "
        "the machine. For anything new, make a new request there and hand in that file."
    )


class InvalidProductId(licensing.InvalidProductId):
    text = _(
        "This file is for a product that is not offered here: check that you are on the portal "
        "of the company that made the program."
    )


class InvalidLicenseKey(licensing.InvalidLicenseKey):
    text = _(
        "The licence key in this file is not one of yours for this product: check the key on the "
        "machine, or sign in with the account that holds the licence."
    )


class TrialNotAllowed(licensing.TrialNotAllowed):
    """A trial request was handed in where a licence is needed."""

    text = _(
        "This file asks for a trial, which needs no licence and can't be answered here: hand it "
        "in on the trial page of the program's website."
    )


class RequestUsedUp(ActivationNotFound):
    """The request was answered before, and the activation that it began has ended since."""

    text = _(
        "This request was used before and its machine has been deactivated since: make a new "
        "request on the machine."
    )
