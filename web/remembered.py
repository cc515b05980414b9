"""Texts that follow from their arguments and the language alone are made once."""

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

from django.utils.translation import get_language

F = TypeVar("F", bound=Callable[..., Any])


def remembered_at_most(most: int) -> Callable[[F], F]:
    """Keeps what the function gives, so many results, for each language; it may depend on nothing
    else. What it is given can be hashed and comes by position."""

    def keeping(make: F) -> F:
        @lru_cache(most)
        def kept(_language: str | None, *args: Hashable) -> Any:
            return make(*args)

        @wraps(make)
        def known(*args: Hashable) -> Any:
            return kept(get_language(), *args)

        return cast(F, known)

    return keeping


remembered = remembered_at_most(4096)  # for short texts
