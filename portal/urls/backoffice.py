"""The back office, `app.PARENT_HOST`: staff and operators, nothing for customers."""

from django.contrib import admin
from django.urls import path

from accounts import urls as accounts
from portal.urls.handlers import handler400, handler403, handler404, handler500  # noqa: F401

urlpatterns = [
    *accounts.public,
    path("", admin.site.urls),
]
