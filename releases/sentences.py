"""What a refusal says: one sentence each, what is the matter and what to do."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from releases import errors
from releases.coverage import Refusal, Verdict

REFUSALS: dict[Refusal, str | Promise] = {
    Refusal.MAJOR_VERSION: _(
        "Your maintenance includes updates of version %(limit)s only: ask support for an upgrade."
    ),
    Refusal.MINOR_VERSION: _(
        "Your maintenance includes corrections of version %(limit)s only: ask support for an "
        "upgrade."
    ),
    Refusal.HIGHEST_VERSION: _(
        "Your licence goes up to version %(limit)s: ask support for an upgrade."
    ),
    Refusal.MAINTENANCE_ENDED: _(
        "This version came out after your maintenance ended on %(limit)s: renew the maintenance "
        "to get it."
    ),
    Refusal.EXPIRED: _("Your licence expired on %(limit)s: renew it to download this version."),
    Refusal.SUSPENDED: _(
        "Your licence is suspended: ask support why, and come back once the suspension is lifted."
    ),
    Refusal.REVOKED: _(
        "Your licence has been revoked: ask support if you think that is a mistake."
    ),
    Refusal.NO_LICENSE: _(
        "You have no licence of this product: check that you use the right account or key."
    ),
}

ERRORS: dict[type[errors.ReleaseError], str | Promise] = {
    errors.ReleaseNotFound: _("This release has been deleted meanwhile."),
    errors.ReleaseIsPublished: _(
        "This release is published and can't be changed any more: archive it and publish a new "
        "version."
    ),
    errors.ReleaseNotPublished: _("This release is a draft: publish it first."),
    errors.ReleaseHasNoFiles: _("This release has no files yet: add one, then publish it."),
    errors.VersionExists: _("There is a release of this version already for: %(detail)s."),
    errors.UploadIncomplete: _("The upload broke off before the end. Nothing was kept: try again."),
    errors.AllPlacesTaken: _(
        "Many downloads are going on at the moment. Try again in half a minute."
    ),
}


def why_not(verdict: Verdict) -> str:
    """The customer's sentence for a refusal; empty when the release is covered."""
    if verdict.refusal is None:
        return ""
    limit = verdict.limit
    text = date_format(limit, "j F Y") if isinstance(limit, datetime) else limit
    return str(REFUSALS[verdict.refusal]) % {"limit": text}


def sentence(error: errors.ReleaseError) -> str:
    """The sentence for an error of a verb."""
    return str(ERRORS[type(error)]) % {"detail": str(error)}
