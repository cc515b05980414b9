"""The tables of a customer's own data that this app brings: licences and machines."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.own_data.tables import Table, register
from licenses import words
from licenses.access import licenses_of
from licenses.models import Activation

LICENCES = Table(
    "licences",
    _("Licences"),
    _("Your licences, and those that are shared with you."),
    {
        "product": (_("Product"), lambda license: str(license.product)),
        "key": (_("Key"), lambda license: license.key),
        "name": (_("Name"), lambda license: license.name),
        "order_number": (_("Order number"), lambda license: license.order_number),
        "status": (_("Status"), lambda license: words.status_text(license.standing).name),
        "expires": (_("Expires"), lambda license: license.expires_on or license.expires_at),
        "seats_used": (_("Seats used"), lambda license: license.total_activations),
        "seats": (_("Seats"), words.seats_allowed),
        "notes": (_("Notes"), lambda license: license.notes),
        "renewal_link": (_("Renewal link"), lambda license: license.renewal_url),
        "created": (_("Created"), lambda license: license.created_at),
    },
    licenses_of,
)


def machines(user: User) -> QuerySet[Activation]:
    """Those of the customer's own licences: what a shared one runs on is its owner's."""
    found = Activation.objects.filter(license__user=user)
    return found.select_related("license__product").order_by("-created_at", "id")


MACHINES = Table(
    "machines",
    _("Machines"),
    _("The machines that use seats of your own licences."),
    {
        "licence": (_("Licence"), lambda machine: machine.license.key),
        "product": (_("Product"), lambda machine: str(machine.license.product)),
        "host_name": (_("Host name"), lambda machine: machine.hostname),
        "fingerprint": (_("Fingerprint"), lambda machine: machine.fingerprint),
        "system": (_("Operating system"), lambda machine: machine.get_os_display()),
        "system_version": (_("Version of the system"), lambda machine: machine.os_version),
        "virtual_machine": (_("Virtual machine"), lambda machine: machine.vm_name),
        "user_hash": (_("User hash"), lambda machine: machine.user_hash),
        "program_version": (_("Version of the program"), lambda machine: machine.app_version),
        "offline": (_("Offline"), lambda machine: machine.offline),
        "activated": (_("Activated"), lambda machine: machine.created_at),
        "last_seen": (_("Last seen"), lambda machine: machine.last_synced_at),
    },
    machines,
)


def register_all() -> None:
    """The tables of this room, by place."""
    register(40, LICENCES)
    register(50, MACHINES)
