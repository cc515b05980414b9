"""What happened with an account, in the words of the customer's history."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FOR_CUSTOMERS: dict[str, str | Promise] = {
    "view-as-begun": _("Support looked at your portal"),
    "view-as-ended": _("Support stopped looking at your portal"),
}
OTHERWISE = _("Your account was changed")


def for_customers(action: str) -> str:
    """The action in words; one general sentence for an action that has none of its own."""
    return str(FOR_CUSTOMERS.get(action, OTHERWISE))
