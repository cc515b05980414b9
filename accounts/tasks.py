"""What the queue's worker does for this app, apart from delivering e-mails (delivery.py).

Every job may run twice: a worker that was killed leaves its job to the next one.
"""

from typing import Any

from django.core.mail import EmailMessage
from django_tasks import TaskContext, task

from accounts import emails
from accounts.models import User, among_operators
from accounts.sessions import may_enter, people_of
from mail.outbox import queue
from tenancy.hosts import Site
from tenancy.table import vendor_by_id
from web.watched import doing


@task(takes_context=True)
def find_account(context: TaskContext, *, site: str, vendor_id: str, email: str) -> None:
    """Has a reset link sent, if the address belongs to someone who may enter the site.

    An operator belongs to no vendor, in whose list the e-mail could stand: theirs is sent from
    here, and a second time if the worker is killed right after.
    """
    vendor = vendor_by_id(vendor_id) if vendor_id else None
    if vendor_id and vendor is None:
        return  # Somebody typed a company id that nobody has.
    with people_of(vendor):
        user = User.people.at(email)
        if user is None or not may_enter(user, Site(site), vendor):
            return
        if vendor is None:
            _send("password-reset", emails.password_reset_for(user))
        else:
            queue("password-reset", user=user, once=f"job {context.task_result.id}")


@task
def tell_operator(*, kind: str, user_id: str, details: dict[str, Any]) -> None:
    """Sends an operator an e-mail about the own account, and a second time if the worker is killed
    right after."""
    with among_operators():
        operator = User.operators.filter(pk=user_id).first()
    if operator is not None:
        _send(kind, emails.about_way_in(kind, operator, details))


def _send(kind: str, message: EmailMessage) -> None:
    with doing("email", kind) as done:
        message.send()
        done.outcome = "ACCEPTED"
