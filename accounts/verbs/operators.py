"""Making operators. They have no vendor, so that no trail tells of it."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User, among_operators


def first_operator() -> User | None:
    """Makes the operator of a new installation, who has the address OPERATOR_EMAIL and no password
    yet; None where there is an operator already. Of several at once one makes it."""
    with among_operators():
        if User.operators.exists():
            return None
        try:
            return name_operator(email=settings.OPERATOR_EMAIL)
        except IntegrityError:
            return None


@transaction.atomic
def name_operator(*, email: str) -> User:
    """The operator with this address, who is made if there is none, and has no password yet.

    Raises ValidationError when the address is none, or is that of an operator who has set a
    password or is switched off.
    """
    address = User._meta.get_field("email").clean(email, None)
    with among_operators():
        known = User.operators.at(address)
        if known is None:
            return User.operators.create_superuser(email=address)
    if known.has_usable_password():
        raise ValidationError(_("This operator has set a password already."))
    if not known.is_active:
        raise ValidationError(_("This account is switched off."))
    return known
