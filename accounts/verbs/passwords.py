"""Setting, changing and resetting passwords."""

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import tasks
from accounts.links import Link, LinkRefused, Purpose, read_token
from accounts.models import User
from accounts.passwords import in_one_spelling
from accounts.second_factor.telling import tell
from accounts.sessions import people_of
from accounts.verbs import links, sessions
from audit import trail
from audit.acting import acting_as
from tenancy.addresses import normalise_email
from tenancy.hosts import Site
from tenancy.models import Vendor
from web import limits
from web.errors import PortalError
from web.once import count_once

MAX_AGE = {
    Purpose.RESET: settings.PASSWORD_RESET_TIMEOUT,
    Purpose.INVITATION: settings.INVITATION_TIMEOUT,
}


class WrongPassword(PortalError):
    """The current password that was given is not the account's."""

    code = "WRONG_PASSWORD"
    text = _("This is not your current password.")


def request_reset(*, site: Site, vendor: Vendor | None, email: str, ip: str) -> None:
    """Has a reset link e-mailed, if the address belongs to an account that may enter the site.

    Answers the same, and in the same time, whether it does or not: the look-up happens in the
    queue's worker. Raises TooManyAttempts.
    """
    address, tenant = normalise_email(email), str(vendor.pk) if vendor else ""
    limits.take_from(limits.RESET_PER_IP, ip)
    limits.take(limits.RESET_PER_ADDRESS, site, tenant, address)
    with transaction.atomic():
        count_once()
        tasks.find_account.enqueue(site=site.value, vendor_id=tenant, email=email)


def read_password_link(purpose: Purpose, vendor: Vendor | None, token: str) -> Link:
    """The link that lets its user set a password; raises LinkRefused."""
    return read_token(purpose, vendor, token, max_age=MAX_AGE[purpose])


def take_try(user: User) -> None:
    """Counts that somebody who came by a link has typed a password; raises TooManyAttempts."""
    limits.take(limits.NEW_PASSWORD_PER_USER, str(user.pk))


def set_password(user: User, password: str) -> None:
    """Sets the password of who came by a link; every session and every link of the user ends with
    that, and who had another one is told. Raises LinkRefused when the link was used meanwhile, and
    changes nothing then."""
    is_first = not user.has_usable_password()
    with people_of(user.vendor), transaction.atomic():
        links.use(user, password=make_password(in_one_spelling(password)))
        sessions.end_all(user)
        if not is_first:
            tell("password-changed", user)
        if user.vendor:
            with acting_as(user):
                trail.record("password-set", user, visible=True)


def change_password(
    user: User, *, current: str, new: str, site: Site, browser: str, is_kept: bool = False
) -> str:
    """Changes the password of who knows it; the token of the session that this browser goes on
    with. Every session of before ends, this one's too: whoever has a copy of its cookie is out.

    Raises TooManyAttempts or WrongPassword, and changes nothing then.
    """
    check_password(user, current)
    with people_of(user.vendor), transaction.atomic():
        try:
            set_password(user, new)
        except LinkRefused as error:  # somebody was quicker, and it is another one now
            raise WrongPassword from error
        return sessions.begin(user, site=site, browser=browser, is_kept=is_kept)


def check_password(user: User, password: str) -> None:
    """Makes sure that whoever holds the session knows the password; raises WrongPassword.

    Counted per user and before hashing, so that a stolen session can't be used to guess:
    raises TooManyAttempts.
    """
    limits.take(limits.PASSWORD_CHECK_PER_USER, str(user.pk))
    if not user.check_password(password):
        raise WrongPassword
    limits.give_back(limits.PASSWORD_CHECK_PER_USER, str(user.pk))
