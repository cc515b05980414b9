"""What every named error is that may reach a person or a program."""

from typing import Any, ClassVar

from django.http import JsonResponse
from django.utils.translation import gettext_lazy as _


class PortalError(Exception):
    """A rule refused an act, and nothing was changed. Each rule has an error of its own.

    `code` is what programs know, `status` what the answer is where nobody handles the error
    before (portal/errors.py), `text` what `sentence` is made of, and `wait` after how many
    seconds another try makes sense, if that is known.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 409
    text: ClassVar[Any]
    wait: int = 0

    def __init__(self, detail: object = "") -> None:
        super().__init__(detail)
        self.detail = detail

    @property
    def sentence(self) -> str:
        """What is the matter and what to do, in the reader's language."""
        return str(self.text) % {"detail": self.detail}

    def __str__(self) -> str:
        return self.sentence


class AuthenticationFailed(PortalError):
    """Nobody is known by what came along."""

    code = "AUTHENTICATION_FAILED"
    status = 401
    text = _("Sign in first.")


class DatabaseUnavailable(PortalError):
    """The database is locked for too long, full, restarting or gone (tenancy.waiting.passes)."""

    code = "DATABASE_UNAVAILABLE"
    status = 503
    text = _(
        "The portal is very busy or being maintained, and could not finish what you asked for. "
        "Wait a few seconds, then try again."
    )
    wait = 5


class StorageUnavailable(PortalError):
    """The disk or the object store is full, read-only, broken or gone (web.disks.is_out)."""

    code = "STORAGE_UNAVAILABLE"
    status = 503
    text = _(
        "Files can't be kept or read here at the moment, and what you asked for was not done. Try "
        "again in a few minutes; if it stays so, tell whoever runs this portal."
    )
    wait = 60


class GoneMeanwhile(PortalError):
    """What was written leads to a row that somebody deletes in this moment
    (tenancy.waiting.leads_nowhere)."""

    code = "GONE_MEANWHILE"
    text = _("Somebody has just deleted what this belongs to. Nothing was changed.")


class TakenMeanwhile(PortalError):
    """Somebody adds in this moment what may be there once (tenancy.waiting.is_taken): forms and
    verbs look before, when it was not there yet."""

    code = "TAKEN_MEANWHILE"
    text = _(
        "Somebody has just added the same, which may be there only once. Nothing was changed: "
        "go back and look at what is there now."
    )


def in_json(
    error: PortalError, *, status: int | None = None, sentence: object = None
) -> JsonResponse:
    """The error for a program: `{message, code}`, and in Retry-After when to try again; with
    another status or sentence than its own if it is told so."""
    said = {"message": str(sentence or error.sentence), "code": error.code}
    response = JsonResponse(said, status=status or error.status)
    if error.wait:
        response["Retry-After"] = str(error.wait)
    return response
