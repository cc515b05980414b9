"""What a request knows of the person that it comes from."""

from accounts.models import User, ViewAs
from web.requests import PortalRequest


class PersonRequest(PortalRequest):
    """A portal's request with its user and, while support looks, the view."""

    user: User
    view_as: ViewAs | None  # support's view, whose customer is then the user
