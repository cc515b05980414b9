"""A fresh proof, for what decides who may sign in, or come as whom."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.proof import LASTS
from api.requests import ApiRequest
from web.errors import PortalError


class ProofNeeded(PortalError):
    """How somebody signs in is changed by who has just shown to be that person."""

    code = "PROOF_NEEDED"
    status = 403
    text = _("Sign in anew for this: it needs a token of a sign-in of the last ten minutes.")


def check_proof(request: ApiRequest) -> None:
    """A token that lies in some program's settings is no proof. Raises ProofNeeded."""
    proved_at = request.bearer.proved_at if request.bearer else None
    if proved_at is None or timezone.now() - proved_at > LASTS:
        raise ProofNeeded
