"""What is written down when people come and go; sessions.py has their sessions."""

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import Session, User
from accounts.verbs.sessions import as_told
from audit import trail
from audit.acting import acting_as
from tenancy.models import Vendor

# By what somebody may enter; whoever was let in by it is let in as long as it is so.
ENTERS_BY = ("is_active", "allow_customer_portal_access", "role", "password", "email", "link_mark")


def may_still_enter(user: User) -> bool:
    """Whether the person is as it was read and the vendor open; both stay so until the transaction
    ends.

    Checking a password takes long enough for somebody to switch an account off. Who does that
    waits for a session that begins, and ends it, or is first.
    """
    as_read = {name: getattr(user, name) for name in ENTERS_BY}
    people = User.people.select_for_update(of=("self",), no_key=True)
    if people.filter(pk=user.pk, **as_read).first() is None:
        return False
    if user.vendor_id is None:
        return True
    vendors = Vendor.objects.select_for_update(of=("self",), no_key=True)
    is_open = vendors.filter(pk=user.vendor_id, status=Vendor.Status.ACTIVE).first()
    return is_open is not None


def store_password_anew(user: User) -> None:
    """Stores the password in its one spelling and by today's hash, if it was right and is not; who
    has signed in elsewhere stays so. It is the same password: nobody is told, and links that were
    e-mailed before are void. Under the lock of `may_still_enter`."""
    if user.password_to_store is None:
        return
    marks = user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()
    user.password = make_password(user.password_to_store)
    user.password_to_store = None
    User.people.filter(pk=user.pk).update(password=user.password)
    theirs = Session.of_scope.filter(user=user, password_mark__in=marks)
    theirs.update(password_mark=user.get_session_auth_hash())


def note_sign_in(*, user: User, browser: str = "") -> None:
    """Moves `last_login` and records it, with what the browser says of itself; operators have no
    trail."""
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    if user.vendor:
        with acting_as(user):
            told = {"browser": as_told(browser)} if browser else {}
            trail.record("signed-in", user, details=told, visible=True)


def note_sign_out(*, user: User) -> None:
    if user.vendor:
        with acting_as(user):
            trail.record("signed-out", user, visible=True)
