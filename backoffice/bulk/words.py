"""What the page of a change to many rows says, in words."""

from datetime import timedelta

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.bulk.kinds import KINDS
from backoffice.models import BulkChange

State = BulkChange.State
SOON = timedelta(minutes=1)


def sentence_of(change: BulkChange) -> str:
    """How far the change is, or what came of it."""
    if change.is_running:
        text = _("%(done)s of %(rows)s %(names)s are looked at. You can leave this page.")
        return " ".join(filter(None, (text % _numbers(change), _waiting(change))))
    if change.state == State.DONE:
        text = ngettext("It is looked at.", "All %(rows)s %(names)s are looked at.", change.rows)
        return text % _numbers(change)
    text = _("%(why)s %(done)s of %(rows)s %(names)s were looked at; the rest is as it was.")
    return text % (_numbers(change) | {"why": change.why})


def _waiting(change: BulkChange) -> str:
    """What may be the matter with what should have begun long ago."""
    if change.state == State.WAITING and timezone.now() - change.created_at > SOON:
        return _(
            "It waits for a worker: if none is there, ask whoever operates the portal to start "
            "one (manage.py db_worker). It goes on by itself then."
        )
    return ""


def counts_of(change: BulkChange) -> list[str]:
    """How many were changed or deleted, refused and left alone."""
    return [
        _said(_changed(change), change.changed),
        _said(ngettext("%(n)s refused", "%(n)s refused", change.refused), change.refused),
        _said(
            ngettext("%(n)s left alone", "%(n)s left alone", change.left),
            change.left,
        ),
    ]


def _changed(change: BulkChange) -> str:
    if KINDS[change.kind].deletes:
        return ngettext("%(n)s deleted", "%(n)s deleted", change.changed)
    return ngettext("%(n)s changed", "%(n)s changed", change.changed)


def _said(text: str, n: int) -> str:
    return text % {"n": _n(n)}


def _numbers(change: BulkChange) -> dict[str, str]:
    return {
        "done": _n(change.rows_done),
        "rows": _n(change.rows),
        "names": str(KINDS[change.kind].rows),
    }


def _n(n: int) -> str:
    return number_format(n, force_grouping=True)
