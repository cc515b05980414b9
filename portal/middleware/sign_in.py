"""Whoever has to sign in first is sent to do so, and told what became of what was sent."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Django's, for a form whose session ran out: it says that nothing was saved, and signing in
    leads back to the page with the form, where static/js/forms.js fills in what was typed."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponse:
        if request.method != "POST":
            return super().handle_no_permission(request, view_func)
        text = _("You were not signed in any more, so nothing was saved. Sign in to go on.")
        messages.warning(request, text)
        return redirect_to_login(
            _page_of_form(request),
            self.get_login_url(view_func),
            self.get_redirect_field_name(view_func),
        )


def _page_of_form(request: HttpRequest) -> str:
    """The page from which the form was sent, as far as the browser says; else its own address."""
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host() or not page.path:
        return request.get_full_path()
    return f"{page.path}?{page.query}" if page.query else page.path
