"""E-mails of the demo that went out or failed, and a text in Acme's own words."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.utils import timezone

from demo.ids import demo_id
from demo.people import person_of
from mail.kinds import kind_of
from mail.models import OutgoingEmail, OwnText
from mail.verbs.keeping import keep
from tenancy.models import Vendor

Step = tuple[float, Callable[[], object]]

OWN_TEXT = {
    "kind": "license",
    "subject": "Your {product} licence from {sender}",
    "text": (
        "Hello {name},\n\n"
        "thank you for your order. Here is your licence for {product}:\n\n"
        "{key}\n\n"
        "It is for {seats}, valid {validity}. Type the key into the program, or look after your "
        "machines here:\n\n"
        "{link}\n\n"
        "Yours,\n{sender}\n{support}"
    ),
}
FULL = "552 5.2.2 The mailbox of grace@example.com is full."
# Kind, to whom, about which licence, how many days ago, and why it failed.
EMAILS: dict[str, tuple[tuple[str, str, str, float, str], ...]] = {
    "acme": (
        ("license", "ada@example.com", "full", 40, ""),
        ("password-reset", "ada@example.com", "", 3, ""),
        ("license", "grace@example.com", "private", 2, FULL),
    ),
    "globex": (("license", "bob@example.com", "sums", 50, ""),),
}


def emails(vendor: Vendor) -> Iterator[Step]:
    """What writes each of the vendor's e-mails that is not there, and how many days ago."""
    if vendor.company_id == "acme":
        yield 60, partial(_own_text, vendor)
    for kind, address, license, age, error in EMAILS[vendor.company_id]:
        pk = demo_id(vendor.company_id, "email", kind, address)
        if not OutgoingEmail.objects.filter(pk=pk).exists():
            named = (
                {"license_id": demo_id(vendor.company_id, "license", license)} if license else {}
            )
            fields = {"id": pk, "kind": kind, "recipient": address, **named}
            yield age, partial(_email, vendor, fields, error)


def _own_text(vendor: Vendor) -> None:
    pk = demo_id(vendor.company_id, "text", OWN_TEXT["kind"])
    OwnText.objects.get_or_create(id=pk, defaults={"vendor": vendor, **OWN_TEXT})


def _email(vendor: Vendor, fields: dict[str, Any], error: str) -> None:
    """An e-mail with its end: what went out is kept, what failed has its reason."""
    user = person_of(vendor.company_id, fields["recipient"])
    ended: dict[str, Any] = {"state": OutgoingEmail.State.FAILED, "last_error": error}
    if not error:
        ended = {"state": OutgoingEmail.State.SENT, "sent_at": timezone.now()}
    email = OutgoingEmail(vendor=vendor, user=user, attempts=1, **fields, **ended)
    message = kind_of(email.kind).render(email)
    if message is None:
        return  # as when somebody has changed the demo
    email.subject = str(message.subject)
    email.save(force_insert=True)
    if not error:
        keep(email, message)
