"""Further boxes on a licence's page, brought by apps that this one must not import.

An app registers a function in its `AppConfig.ready`; the page asks each for its HTML.
"""

from collections.abc import Callable

from django.utils.safestring import SafeString

from accounts.requests import PersonRequest
from licenses.models import License

Box = Callable[[PersonRequest, License], SafeString]
_boxes: list[Box] = []


def register(box: Box) -> None:
    """Adds a box below the licence's facts; one that is there already stays once."""
    if box not in _boxes:
        _boxes.append(box)


def rendered(request: PersonRequest, license: License) -> list[SafeString]:
    """The HTML of every box for this licence, in the order of registration."""
    return [box(request, license) for box in _boxes]
