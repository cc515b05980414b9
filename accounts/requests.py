"""What a request knows of the person that it comes from."""

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from accounts.models import Session, User, ViewAs
from web.requests import PortalRequest, query_before


class PersonRequest(PortalRequest):
    """A portal's request with its user and, while support looks, the view."""

    user: User
    session: Session | None  # type: ignore[assignment]  # the browser's, if it counts on this host
    session_token: str | None  # what the browser's cookie has to become; empty: it has to go
    stays_signed_in: bool  # whether the cookie is to outlive the browser (devices/staying.py)
    view_as: ViewAs | None  # support's view, whose customer is then the user


def kind_of(request: HttpRequest) -> str:
    """Which of the back office's two lists of people the page is, or was opened from: "customers",
    "team", or neither."""
    kept = request.GET.get("_changelist_filters", "")
    people = reverse("admin:accounts_user_changelist")
    from_list = QueryDict(kept or query_before(request, people))
    return request.GET.get("kind") or from_list.get("kind") or ""
