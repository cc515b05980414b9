"""Why nothing is moved."""

from django.utils.translation import gettext_lazy as _

from web.errors import PortalError


class BadSource(PortalError):
    """The address of the source may not be asked."""

    code = "BAD_SOURCE"
    text = _(
        "Use an address such as https://api.cryptlex.com, without name, password and fragment."
    )


class TokenMissing(PortalError):
    """A move was asked for without a token of the source."""

    code = "SOURCE_TOKEN_MISSING"
    text = _("Give a personal access token of the source.")


class MovesAlready(PortalError):
    """Another move of the vendor is under way."""

    code = "MOVES_ALREADY"
    text = _("Something is moving in already. Wait until it has ended, or stop it.")


class NotStopped(PortalError):
    """A move that is not stopped was to go on, or one that is over to be stopped."""

    code = "MOVE_NOT_STOPPED"
    text = _("This can't be done any more: it has gone on or ended meanwhile.")


class ArchiveRefused(PortalError):
    """A file of a vendor can't be read; `detail` is a sentence that says why."""

    code = "ARCHIVE_REFUSED"
    text = "%(detail)s"
