"""Opening and stopping a view as a customer, on the portal's host."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import ViewAs
from accounts.requests import PersonRequest
from accounts.view_as import verbs as view_as
from tenancy.hosts import backoffice_url
from web import once
from web.pages import render
from web.policy import keeps_its_address
from web.requests import safe_next

# The browser keeps the cookie longer than the view lasts: what comes after the view is then told
# apart from the browser's own session, and answered with the page that says it has ended.
COOKIE_LASTS = 60 * 60  # seconds


@once.every_time
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@keeps_its_address
def open_view(request: PersonRequest, token: str) -> HttpResponse:
    """A link of the back office: GET asks, since nobody is to be led into a view unawares; POST
    uses it, once. From there on the browser sees what the customer sees, beginning with the page
    that `next` names."""
    try:
        if request.method != "POST":
            view = view_as.read(request.vendor, token)
            context = {"customer": view.customer, "next": safe_next(request, "")}
            return render(request, "accounts/view_as_open.html", context)
        _view, cookie = view_as.begin(request.vendor, token)
    except view_as.ViewLinkRefused:
        return render(request, "accounts/view_as_refused.html", status=410)
    if request.view_as:
        view_as.stop(request.view_as)
    response = redirect(safe_next(request, reverse("home")))
    response.set_cookie(
        settings.VIEW_AS_COOKIE_NAME,
        cookie,
        max_age=COOKIE_LASTS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


@once.every_time
@require_POST
@login_not_required
def stop_view(request: PersonRequest) -> HttpResponse:
    """Ends the view; without one there is nothing to end."""
    if request.view_as is None:
        return redirect("home")
    view_as.stop(request.view_as)
    return ended(request, request.view_as, status=200)


def ended(request: PersonRequest, view: ViewAs, *, status: int) -> HttpResponse:
    """The page that says so, with the way back; from here on the ordinary session counts again."""
    request.view_as = None
    context = {
        "customer": view.customer.full_name,
        "back": backoffice_url("admin:accounts_user_story", view.customer_id),
    }
    response = render(request, "accounts/view_as_ended.html", context, status=status)
    response.delete_cookie(settings.VIEW_AS_COOKIE_NAME, samesite="Lax")
    return response
