"""The people of the demo, whatever somebody has made of them since."""

from accounts.models import User
from demo.ids import demo_id


def person_of(company_id: str, email: str) -> User:
    """Who had this e-mail in the beginning; it may be another one by now."""
    pk = demo_id(company_id, "user", email)
    return User.objects.select_related("vendor").get(pk=pk)
