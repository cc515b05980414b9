"""The back office, `app.PARENT_HOST`: staff and operators, nothing for customers."""

from django.contrib import admin
from django.urls import path

from accounts import urls as accounts
from portal.urls.handlers import handler400, handler403, handler404, handler500  # noqa: F401
from portal.urls.known import change_password_place, favicon

urlpatterns = [
    change_password_place("admin:password_change"),
    favicon,
    *accounts.public,
    *accounts.second_factor,
    *accounts.devices,
    *accounts.passkeys,
    *accounts.tokens,
    path("", admin.site.urls),
]
