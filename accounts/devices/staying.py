"""Staying signed in: a choice on the pages by which somebody signs in.

Where it was not made, the browser forgets the cookie when it is closed, and a short lifetime counts
(lifetimes.py). From page to page of signing in it goes along in the address, like where the visitor
was going.
"""

from accounts.requests import PersonRequest

NAME = "stay"


def is_wanted(request: PersonRequest) -> bool:
    """Whether the visitor has chosen it, in the form that was sent or on a page before it."""
    return request.POST.get(NAME, request.GET.get(NAME, "")) == "on"
