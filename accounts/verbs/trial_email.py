"""An e-mail by which a vendor's people see that e-mails arrive, and how they look."""

from django.db import transaction

from accounts.models import User
from accounts.verbs.settings import settle_step
from audit import trail
from mail.outbox import queue
from web import limits

KIND = "test-email"


@transaction.atomic
def send_test(*, person: User) -> None:
    """Queues an e-mail in the name of the person's vendor to the person. Runs in the vendor's
    scope. Raises TooManyAttempts, and TypeError for an operator, who has no vendor."""
    if person.vendor is None:
        raise TypeError("A test e-mail is in a vendor's name; an operator has none.")
    limits.take(limits.TEST_EMAIL_PER_USER, str(person.pk))
    queue(KIND, user=person)
    settle_step(vendor=person.vendor, name=KIND)
    trail.record("test-email-sent", person)
