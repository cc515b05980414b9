"""The addresses of the Web API, under /v3/."""

from typing import Any

from django.urls import path

from api.cors import ROUTES, for_any_origin
from api.door import guarded
from api.site import api
from releases.files.uploads import LARGEST_UPLOAD
from web.bodies import LARGEST

# By the name of an operation, how many bytes it takes where that is more than others take.
LARGE = {"file": LARGEST_UPLOAD}


def _guarded(pattern: Any) -> Any:
    pattern.callback = guarded(pattern.callback)
    pattern.callback.largest_body = LARGE.get(pattern.name, LARGEST)
    if str(pattern.pattern) in ROUTES:
        pattern.callback = for_any_origin(pattern.callback)
    return pattern


_patterns, _app_name, _namespace = api.urls
urlpatterns = [path("v3/", ([_guarded(each) for each in _patterns], _app_name, _namespace))]
