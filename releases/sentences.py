"""Why a licence does not cover a release: one sentence each, what is the matter and what to do."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from licenses.ends import End
from licenses.words import end_text
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


def why_not(verdict: Verdict) -> str:
    """The customer's sentence for a refusal; empty when the release is covered."""
    if verdict.refusal is None:
        return ""
    limit = verdict.limit
    text = end_text(limit) if isinstance(limit, End) else limit
    return str(REFUSALS[verdict.refusal]) % {"limit": text}
