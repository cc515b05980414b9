"""Outside every known host: nothing. It is ROOT_URLCONF, so that what slips through finds this."""

from portal.urls.handlers import handler400, handler403, handler404, handler500  # noqa: F401

urlpatterns: list[object] = []
