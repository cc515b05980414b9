"""What an import refuses."""

from django.utils.translation import gettext_lazy as _

from web.errors import PortalError


class TableRefused(PortalError):
    """The file can't be read as a table; `detail` is a sentence that says why."""

    code = "TABLE_REFUSED"
    text = "%(detail)s"


class NotReady(PortalError):
    """What is asked of the import can't be done as it is now: it is under way, done or refused."""

    code = "IMPORT_NOT_READY"
    text = _("This import is under way already, or there is nothing to confirm.")
