"""The Web API's host, `api.PARENT_HOST`. Nothing is served yet but our icon, and errors as
`{message, code}`."""

from portal.urls.handlers import handler400, handler403, handler404, handler500  # noqa: F401
from portal.urls.known import favicon

urlpatterns = [favicon]
