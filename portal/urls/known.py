"""Paths that programs know beforehand, for the URLconfs that have something at them."""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path
from django.views.generic import RedirectView

from branding.views import favicon as favicon_view

favicon = path("favicon.ico", favicon_view, name="favicon")


def change_password_place(route: str) -> URLPattern:
    """Where a password manager finds the page on which a password is changed: that route (W3C, A
    Well-Known URL for Changing Passwords)."""
    view = login_not_required(RedirectView.as_view(pattern_name=route))
    return path(".well-known/change-password", view, name="change_password_place")
