"""Support's view as a customer: whom a request stands for while it lasts, and what it may do."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import ViewAs
from accounts.requests import PersonRequest
from accounts.view_as import verbs as view_as
from accounts.view_as.views import ended
from audit.acting import acting, actor
from portal import errors
from tenancy.hosts import Site

MESSAGES = "messages"  # the cookie of django.contrib.messages
SHOWS_NOTHING = ("image/", "text/css")


class ViewAsMiddleware:
    """Sets request.view_as on every request. While there is one, request.user is the customer,
    pages can only be looked at, and each is recorded; the browser's own session rests."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    @errors.or_unavailable
    def __call__(self, request: PersonRequest) -> HttpResponse:
        request.view_as = None
        view = _named_by(request)
        if view is None:
            return self.get_response(request)
        route = _route(request)
        if not view.is_current(timezone.now()):
            return self._after(request, view, route)
        with acting(replace(actor(), who=lambda: view.staff)):
            return self._during(request, view, route)

    def _after(self, request: PersonRequest, view: ViewAs, route: str) -> HttpResponse:
        """The view is over. Whatever was meant for it is not done in the browser's own session."""
        view_as.stop(view)
        if route == "view_as":
            return self.get_response(request)
        return ended(request, view, status=HTTPStatus.GONE)

    def _during(self, request: PersonRequest, view: ViewAs, route: str) -> HttpResponse:
        request.view_as, request.user = view, view.customer
        own_session, request.session = request.session, None
        own_messages = request.COOKIES.pop(MESSAGES, None)
        try:
            response = self._answer(request, route)
        finally:
            request.session = own_session
            if own_messages is not None:
                request.COOKIES[MESSAGES] = own_messages
        response.cookies.pop(MESSAGES, None)
        _record(request, view, response)
        return response

    def _answer(self, request: PersonRequest, route: str) -> HttpResponse:
        # SECURITY: tests/portal/test_view_as.py walks every route with every method.
        # Another link may take this view's place, and the button ends it.
        goes = request.method == "POST" and route in {"view_as", "view_as_stop"}
        if request.method != "GET" and not goes:
            return errors.permission_denied(
                request,
                PermissionDenied(_("You are only viewing: nothing can be changed or sent.")),
            )
        return self.get_response(request)


def _named_by(request: PersonRequest) -> ViewAs | None:
    """The view that the cookie names at this host's vendor; elsewhere the cookie means nothing."""
    cookie = request.COOKIES.get(settings.VIEW_AS_COOKIE_NAME)
    if not cookie or request.address.site is not Site.CUSTOMER:
        return None
    return view_as.find(request.vendor, cookie)


def _route(request: HttpRequest) -> str:
    """The name of the route that the path leads to; empty when it leads nowhere."""
    try:
        return resolve(request.path_info, request.urlconf).url_name or ""
    except Resolver404:
        return ""


def _record(request: PersonRequest, view: ViewAs, response: HttpResponse) -> None:
    """Writes down a page that was shown. Redirects, pictures and style sheets show nothing."""
    if request.method != "GET" or response.has_header("Location"):
        return
    if response.headers.get("Content-Type", "").startswith(SHOWS_NOTHING):
        return
    match = request.resolver_match
    values = match.kwargs if match else {}
    path = request.path.replace("\x00", "")  # which PostgreSQL does not take
    if token := values.get("token"):
        path = path.replace(token, "…")
    shown = response.status_code == HTTPStatus.OK
    view_as.record_page(
        view,
        path=path,
        status=response.status_code,
        license_id=values.get("license_id") if shown else None,
    )
