"""`PARENT_HOST` itself: one page."""

from django.urls import path

from portal import landing
from portal.urls.handlers import handler400, handler403, handler404, handler500  # noqa: F401
from portal.urls.known import favicon

urlpatterns = [path("", landing.find_portal, name="landing"), favicon]
