"""Why a change to many rows was refused as a whole."""

from django.utils.translation import gettext_lazy as _

from web.errors import PortalError


class NotRunning(PortalError):
    """There is nothing to stop any more."""

    code = "CHANGE_NOT_RUNNING"
    text = _("This change has come to its end already.")


class ConfirmedAlready(PortalError):
    """The confirmation has arrived before."""

    code = "CHANGE_CONFIRMED"
    text = _("This change was confirmed already: see how far it is.")


class RowIsGone(PortalError):
    """The row that was to be deleted is not there any more."""

    code = "ROW_IS_GONE"
    text = _("It is not there any more.")


class CalledOtherwise(RowIsGone):
    """The row that was to be deleted is another by now than the one that was seen."""

    code = "CALLED_OTHERWISE"
    text = _("Somebody has given it another name since it was chosen.")
