"""Keeping what went out, so that staff can read it as it was: for 90 days, and without any link
that opens something."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import ngettext

from audit.verbs.erasing import Leaving
from jobs.vendors import at_each
from mail.models import OutgoingEmail, SentText
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.transactions import delete_in_steps

KEPT_FOR = timedelta(days=90)
AT_ONCE = 500  # e-mails
TAKEN_OUT = "[link taken out]"

# What may be an address, with what stands around it: brackets, a dot at its end.
RUN = re.compile(r"""[^\s<>"']+""")
# How django.core.signing ends what it has signed, a token: its time and its proof, with a colon
# before each.
SIGNED = re.compile(r":[A-Za-z0-9]{4,10}:[A-Za-z0-9_-]{43}/?")


@transaction.atomic
def keep(email: OutgoingEmail, message: EmailMultiAlternatives) -> None:
    """Keeps what is handed over now, in the place of what was kept of an earlier time."""
    SentText.objects.filter(email=email).delete()
    SentText.objects.create(
        vendor_id=email.vendor_id,
        email=email,
        sender=message.from_email,
        recipient=", ".join(message.to),
        reply_to=", ".join(message.reply_to),
        subject=without_tokens(str(message.subject)),
        text=without_tokens(str(message.body)),
        html="".join(without_tokens(str(part[0])) for part in message.alternatives),
    )


def kept_of(email: OutgoingEmail) -> SentText | None:
    """What went out of the e-mail, in the last 90 days."""
    since = timezone.now() - KEPT_FOR
    return SentText.objects.filter(email=email, created_at__gt=since).first()


def without_tokens(text: str) -> str:
    """The text with `TAKEN_OUT` for each address that has a token in it, from its scheme to the
    token's end, and every other character as it is.

    SECURITY: tests/mail/test_keeping.py tries every kind of e-mail. Who reads this may be support,
    and must find nothing that signs in, resets, confirms, turns off or accepts.
    """
    return RUN.sub(lambda found: _taken_out(found[0]), text)


def _taken_out(run: str) -> str:
    parts, end = [], 0
    for proof in SIGNED.finditer(run):
        parts += [run[end : _beginning(run, end, proof.start())], TAKEN_OUT]
        end = proof.end()
    return "".join(parts) + run[end:]


def _beginning(run: str, first: int, last: int) -> int:
    """Where the address begins whose token stands before `last`: with its scheme if it has one."""
    begin = run.rfind("://", first, last)
    while begin > first and run[begin - 1].isalpha():
        begin -= 1
    return max(begin, first)


def forget_person(leaving: Leaving) -> None:
    """Deletes the e-mails to a person who is erased, sent and waiting, with what was kept of them;
    and of others' e-mails the kept texts, subjects and reports that tell of the person."""
    sent = OutgoingEmail.objects.filter(
        Q(user_id=leaving.person_id) | Q(recipient__in=leaving.words)
    )
    ids = list(sent.values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        SentText.objects.filter(email_id__in=some).delete()
        rows = OutgoingEmail.objects.filter(pk__in=some)
        rows._raw_delete(rows.db)  # Django would name no vendor
    perhaps = SentText.objects.filter(leaving.perhaps_in("subject", "text"))
    told = [each.pk for each in perhaps if leaving.is_told_in(each.subject, each.text)]
    SentText.objects.filter(pk__in=told).delete()
    for email in OutgoingEmail.objects.filter(leaving.perhaps_in("subject", "last_error")):
        if leaving.is_told_in(email.subject, email.last_error):
            OutgoingEmail.objects.filter(pk=email.pk).update(subject="", last_error="")


def delete_to_nobody(kind: str, before: datetime) -> int:
    """Deletes e-mails of a kind to nobody's account that are older, with what was kept of them; how
    many. Runs in a vendor's scope."""
    return delete_in_steps(
        OutgoingEmail.objects.filter(kind=kind, user=None, created_at__lt=before)
    )


def tell(person_id: UUID) -> str:
    """Says what `forget_person` will do."""
    n = OutgoingEmail.objects.filter(user_id=person_id).count()
    text = ngettext(
        "%(n)d e-mail to the person is deleted, with its text.",
        "%(n)d e-mails to the person are deleted, with their texts.",
        n,
    )
    return text % {"n": n} if n else ""


def clean_up_all() -> str:
    """The daily chore (jobs/chores.py): deletes what is older than 90 days."""
    before = timezone.now() - KEPT_FOR

    def at(_vendor: Vendor) -> int:
        return delete_in_steps(SentText.objects.filter(created_at__lte=before))

    deleted = at_each(at, every_vendor())
    return f"Deleted the text of {deleted} e-mails that are older than {KEPT_FOR.days} days."
