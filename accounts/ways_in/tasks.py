"""What the queue's worker does for who has lost the way in. A job may run twice; of one that does,
one e-mail is queued."""

from django_tasks import TaskContext, task

from accounts.models import User
from accounts.sessions import may_enter
from accounts.ways_in.mailed import BY_NAME
from mail.outbox import queue
from tenancy.door import inside
from tenancy.hosts import Site
from tenancy.table import vendor_by_id


@task(takes_context=True)
def write(context: TaskContext, *, what: str, vendor_id: str, email: str) -> None:
    """Has it sent, if the address belongs to a customer who may enter, and the vendor still allows
    it."""
    mailed, vendor = BY_NAME[what], vendor_by_id(vendor_id)
    if vendor is None or not mailed.is_allowed_at(vendor):
        return
    with inside(vendor):
        user = User.objects.at(email)
        if user is not None and may_enter(user, Site.CUSTOMER, vendor):
            queue(mailed.kind, user=user, once=f"job {context.task_result.id}")


@task(takes_context=True)
def begin_registration(
    context: TaskContext, *, vendor_id: str, email: str, names: dict[str, str]
) -> None:
    """Has whoever wants an account written to, if the vendor still lets her register."""
    from accounts.ways_in.verbs import registering  # noqa: PLC0415  which enqueues this

    vendor = vendor_by_id(vendor_id)
    if vendor is None or not vendor.is_active or not registering.may_register(vendor, email):
        return
    with inside(vendor):
        once = f"job {context.task_result.id}"
        registering.begin(vendor=vendor, email=email, names=names, once=once)
