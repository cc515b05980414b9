"""The Web API's host, `api.PARENT_HOST`: programs, and errors as `{message, code}`."""

from api.urls import urlpatterns as web_api
from portal.urls.handlers import handler400, handler403, handler404, handler500  # noqa: F401
from portal.urls.known import favicon

urlpatterns = [favicon, *web_api]
