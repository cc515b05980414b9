"""A vendor's own texts of e-mails: written, and given up for the standard ones."""

from django.db import IntegrityError, transaction

from audit import rows
from mail.models import OwnText
from mail.texts import Text
from tenancy.door import current_vendor


def text_of(text: Text) -> OwnText:
    """The vendor's own text, or the standard one, which is not saved."""
    found = OwnText.objects.filter(kind=text.name).first()
    return found or standard_of(text)


def standard_of(text: Text) -> OwnText:
    """The standard text, not saved."""
    subject, body = text.standard()
    return OwnText(vendor=current_vendor(), kind=text.name, subject=subject, text=body)


@transaction.atomic
def write(text: Text, *, subject: str, body: str) -> OwnText:
    """Saves how the vendor has written the text; raises ValidationError, by field."""
    row = _row_of(text) or OwnText(vendor=current_vendor(), kind=text.name)
    row.subject, row.text = subject, body
    row.full_clean(validate_constraints=False)
    return _created(row) if row._state.adding else rows.change(row, fields=["subject", "text"])


def _created(row: OwnText) -> OwnText:
    """The new row; of two that write at once the second one changes the first one's."""
    try:
        with transaction.atomic():
            return rows.create(row)
    except IntegrityError:
        there = OwnText.objects.get(kind=row.kind)
        there.subject, there.text = row.subject, row.text
        return rows.change(there, fields=["subject", "text"])


@transaction.atomic
def back_to_standard(text: Text) -> None:
    """Gives up the vendor's own text, if there is one."""
    row = _row_of(text)
    if row is not None:
        rows.delete(row)


def _row_of(text: Text) -> OwnText | None:
    return OwnText.objects.select_for_update(of=("self",)).filter(kind=text.name).first()
