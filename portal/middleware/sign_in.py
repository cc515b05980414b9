"""Whoever has to sign in first is sent to do so, and told what became of what was sent."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from web.requests import page_of_form


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Django's, for a form whose session ran out: the sign-in page says that nothing was saved, and
    leads back to the page with the form, where static/js/forms.js fills in what was typed."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseRedirect:
        if request.method != "POST":
            return super().handle_no_permission(request, view_func)
        back = page_of_form(request, request.get_full_path())
        return HttpResponseRedirect(reverse("login", query={"next": back, "unsaved": "yes"}))
