"""What every call may be refused for, whatever it asks for. Others are the rooms' own errors."""

from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from web.errors import PortalError


class Unauthenticated(PortalError):
    """There is no token, or none that counts."""

    code = "UNAUTHENTICATED"
    status = 401
    text = _("This needs a token that counts, in the header Authorization: Bearer.")


class OutOfScope(PortalError):
    """The token was not made for this."""

    code = "OUT_OF_SCOPE"
    status = 403
    text = _("The token lacks the scope %(detail)s.")


class NoRight(PortalError):
    """The token's person may not do this."""

    code = "NO_RIGHT"
    status = 403
    text = _("The token's account has no right to do this.")


class SecondFactorDue(PortalError):
    """The token's person has to set up a second factor first."""

    code = "SECOND_FACTOR_DUE"
    status = 403
    text = _("The token's account has to set up a second factor first: sign in to the portal.")


class NotFound(PortalError):
    """There is no such row, or it is another vendor's."""

    code = "RESOURCE_NOT_FOUND"
    status = 404
    text = _("There is no %(detail)s with this id.")


class NotOffered(PortalError):
    """What programs may ask for elsewhere and not here, so that they read it as not there."""

    code = "NOT_OFFERED"
    status = 404
    text = _("This is not offered here.")


class VendorInactive(PortalError):
    """The vendor of a program's product is switched off."""

    code = "VENDOR_INACTIVE"
    status = 403
    text = _(
        "The company has no active portal at the moment. Licences that are in use go on as before "
        "until they have to sync; ask the company for anything else."
    )


class InvalidRequest(PortalError):
    """What was sent can't be read, or a value is not allowed."""

    code = "INVALID_REQUEST"
    status = 400
    text: ClassVar[Any] = "%(detail)s"


class UnknownFilter(InvalidRequest):
    """A filter that is not there would show somebody else's rows if it were ignored."""

    code = "UNKNOWN_FILTER"
    text = _("There is no filter or order %(detail)s here.")


class JustWritten(PortalError):
    """Of two calls at the same moment the other one was quicker: what there may be once is
    there."""

    code = "JUST_WRITTEN"
    text = _("Somebody has written the same at this moment. Look it up.")


class IsUsed(PortalError):
    """Other rows hang on the one that was to be deleted."""

    code = "IS_USED"
    text = _("This is still used: %(detail)s.")


def told(error: ValidationError) -> InvalidRequest:
    """What a model refuses, with the names of the members as programs write them."""
    if not hasattr(error, "error_dict"):
        return InvalidRequest(" ".join(error.messages))
    sentences = (
        " ".join(messages) if name == NON_FIELD_ERRORS else f"{camel(name)}: {' '.join(messages)}"
        for name, messages in error.message_dict.items()
    )
    return InvalidRequest(" ".join(sentences))


def camel(name: str) -> str:
    """A field's name as it is on the wire."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
