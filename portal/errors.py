"""The pages that say what went wrong.

They show no data and make no query: the database may be what is down. On the API's host they are
`{message, code}` in JSON.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from accounts.requests import PersonRequest
from accounts.views import go_on
from tenancy.hosts import Site
from tenancy.waiting import lacks_tables, passes
from web.errors import DatabaseUnavailable, PortalError, StorageUnavailable, in_json
from web.logs import Bounded
from web.pages import render
from web.requests import page_of_form

logger = logging.getLogger(__name__)
# Strangers cause these lines.
hosts = logging.getLogger("portal.hosts")
hosts.addFilter(Bounded())
FAULTS = 500  # statuses from there on
LONGEST_HOST = 100  # characters of one in the log


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        reason = _("What was sent is too large. Nothing was changed.")
    else:
        reason = _("Your browser sent something that can't be understood. Nothing was changed.")
    return page(request, 400, _("This request can't be answered"), reason)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    reason = str(exception) if isinstance(exception, PermissionDenied) and exception.args else ""
    return page(
        request, 403, _("You can't do this"), reason or _("Your account has no right to do this.")
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that isn't ours, or is of before: signing in makes those of other tabs stale. Who
    wanted to sign in, and has done so in another tab, goes on."""
    match = request.resolver_match
    if match and match.url_name in {"login", "sign_in_passkey"} and request.user.is_authenticated:
        return go_on(cast(PersonRequest, request))
    text = _(
        "Nothing was saved. Since the page was loaded you have signed in or out, perhaps in "
        "another tab, or your browser keeps no cookies. Go back to the form and send it again."
    )
    again = page_of_form(request, "")
    return page(request, 403, _("This form has gone stale"), text, again=again, unsaved=True)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(
        request,
        404,
        _("There is nothing here"),
        _("The address may be mistyped, or what it showed is not yours or not there any more."),
        contact=True,
    )


def method_not_allowed(request: HttpRequest, *, allow: str) -> HttpResponse:
    """405, for somebody who types the address of a form's target."""
    response = page(
        request,
        405,
        _("This address can't be opened like this"),
        _("It belongs to a button on another page. Go there and use the button."),
    )
    response["Allow"] = allow
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        500,
        _("Something went wrong on our side"),
        _("It has been written down for the people who run this portal. Try again in a minute."),
    )


def refused(request: HttpRequest, error: PortalError) -> HttpResponse:
    """Any named error that no view has handled, as a page; for programs as `{message, code}`."""
    if _is_for_program(request):
        return in_json(error)
    title = _("One moment") if error.wait else _("This can't be done")
    response = page(request, error.status, title, error.sentence)
    if error.wait:
        response["Retry-After"] = str(error.wait)
    return response


def will_pass(error: Exception) -> bool:
    """Whether the database can't be used now: it is away, or its tables have yet to be migrated, or
    are being so, to what this version wants."""
    if not isinstance(error, Error):
        return False
    return passes(error) or (lacks_tables(error) and _is_behind())


def _is_behind() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except Error:
        return True


def unavailable(request: HttpRequest, error: Error) -> HttpResponse:
    """503 for an error of the database that passes."""
    logger.warning("The database can't be used now: %s", str(error).partition("\n")[0])
    return refused(request, DatabaseUnavailable())


def storage_unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """503 for a disk or an object store that can't be used; somebody may have to look after it."""
    logger.error("Files can't be kept or read now: %s: %s", type(error).__name__, error)
    return refused(request, StorageUnavailable())


Answer = Callable[[Any, Any], HttpResponse]


def or_unavailable(answer: Answer) -> Answer:
    """The `__call__` of a middleware that asks the database itself: answers 503 while that can't be
    used. What views ask is seen to by `TenancyMiddleware`."""

    @wraps(answer)
    def wrapped(middleware: Any, request: Any) -> HttpResponse:
        try:
            return answer(middleware, request)
        except Error as error:
            if not will_pass(error):
                raise
            return unavailable(request, error)

    return wrapped


def too_large(request: HttpRequest) -> HttpResponse:
    """413: a body that nobody has read."""
    return page(
        request,
        413,
        _("This is too large"),
        _("What was sent is larger than this page takes. Nothing was changed."),
        again=request.path,
    )


def misdirected(request: HttpRequest) -> HttpResponse:
    """421: this host is not configured here. No link, no name: there is nothing to tell."""
    return _nobody_here(request, 421)


def no_host(request: HttpRequest) -> HttpResponse:
    """400: what the request names is no host (RFC 9112, 3.2)."""
    return _nobody_here(request, 400)


def _nobody_here(request: HttpRequest, status: int) -> HttpResponse:
    """The page, and one line in the log, of which there are only so many a minute."""
    response = page(
        request,
        status,
        _("This address is not set up here"),
        _("Check the address, or ask the company whose portal you were looking for."),
        home=False,
    )
    hosts.warning("Nobody is at the host %.*r.", LONGEST_HOST, request.META.get("HTTP_HOST", ""))
    # Django's own handler would write another line, without a limit.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def portal_closed(request: HttpRequest) -> HttpResponse:
    """403: the vendor is inactive."""
    return page(
        request,
        403,
        _("This portal is closed"),
        _(
            "The company has no active portal at the moment. Licences that are in use go on as "
            "before; ask the company for anything else."
        ),
        home=False,
        contact=True,
    )


def _is_for_program(request: HttpRequest) -> bool:
    """Whether a program waits for the answer; the view says so, whether it has begun or not."""
    try:
        view = resolve(request.path_info, getattr(request, "urlconf", None)).func
    except Resolver404:
        return _is_api(request)
    by_program = getattr(view, "by_program", None)
    return _is_api(request) or bool(by_program and by_program(request))


def _is_api(request: HttpRequest) -> bool:
    address = getattr(request, "address", None)
    return address is not None and address.site is Site.API


CODES = {
    400: "BAD_REQUEST",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "CONTENT_TOO_LARGE",
    421: "MISDIRECTED_REQUEST",
    500: "INTERNAL_ERROR",
}


def page(
    request: HttpRequest,
    status: int,
    title: str,
    reason: str,
    *,
    home: bool = True,
    again: str = "",
    unsaved: bool = False,
    contact: bool = False,
) -> HttpResponse:
    """The error page, with a link to the start page or to the form at `again`, where what was typed
    and is `unsaved` is filled in, and, where nothing else is left, with the vendor's `contact`. One
    about a fault of ours says the request's id. It reads no user, no session and no message, and
    asks nothing."""
    if _is_api(request):
        return JsonResponse({"message": title.lower(), "code": CODES[status]}, status=status)
    context = {"status": status, "title": title, "reason": reason, "home": home, "again": again}
    context |= {"messages": (), "unsaved": unsaved, "contact": contact}
    # Of what is wrong on our side: support finds the lines of the log by it.
    context["request_id"] = getattr(request, "id", "") if status >= FAULTS else ""
    return render(request, "portal/error.html", context, status)
