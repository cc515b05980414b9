"""Single-use links that are e-mailed: signed, dated, and worthless once what they change changed.

A link carries its vendor and its user. It also carries a digest of the user's password, e-mail and
mark: as soon as one of them changes, every link made before is void. Whoever uses a link gives the
user another mark (verbs/links.py), so that it stays void when its e-mail comes back. Nothing else
is stored.
"""

from dataclasses import dataclass
from enum import Enum

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.sessions import people_of
from tenancy.models import Vendor
from tenancy.table import vendor_by_id
from web.errors import PortalError


class Purpose(Enum):
    """What a link is for; a link made for one purpose is refused for any other."""

    RESET = "reset"
    INVITATION = "invitation"
    EMAIL_CHANGE = "email-change"
    SIGN_IN = "sign-in"
    SINGLE_SIGN_ON = "single-sign-on"
    END_SESSIONS = "end-sessions"


class LinkRefused(PortalError):
    """The link is damaged, too old, used already, or made for something or someone else."""

    code = "LINK_REFUSED"
    status = 410
    text = _(
        "This link has been used already, is too old, or is not complete. Nothing was changed."
    )


@dataclass(frozen=True, slots=True)
class Link:
    """Whom a valid link is for, and what it carries (the new address of an e-mail change)."""

    user: User
    detail: str


def make_token(purpose: Purpose, user: User, detail: str = "") -> str:
    """The part of the link's URL that proves it: letters, digits, `-`, `_` and `:`."""
    payload = [str(user.vendor_id or ""), str(user.pk), _state(purpose, user), detail]
    return signing.dumps(payload, salt=_salt(purpose))


def read_token(purpose: Purpose, vendor: Vendor | None, token: str, *, max_age: int) -> Link:
    """The user and detail of a token made at most `max_age` seconds ago.

    The vendor is that of the host; in the back office, which serves all vendors, it is None and
    the token's own counts. Raises LinkRefused.
    """
    try:
        vendor_id, user_id, state, detail = signing.loads(
            token, salt=_salt(purpose), max_age=max_age
        )
    except (signing.BadSignature, ValueError) as error:
        raise LinkRefused from error
    if vendor is None and vendor_id:
        vendor = vendor_by_id(vendor_id)
    if vendor_id != (str(vendor.pk) if vendor else ""):
        raise LinkRefused
    with people_of(vendor):
        user = User.people.select_related("vendor").filter(pk=user_id, is_active=True).first()
    if user is None or not constant_time_compare(state, _state(purpose, user)):
        raise LinkRefused
    return Link(user, detail)


def _salt(purpose: Purpose) -> str:
    return f"accounts.links.{purpose.value}"


def _state(purpose: Purpose, user: User) -> str:
    return salted_hmac(
        _salt(purpose), f"{user.password}\x1f{user.email}{user.link_mark}"
    ).hexdigest()[:32]
