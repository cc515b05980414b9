"""How an e-mail and a password become a user: inside the vendor's scope, in even time."""

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.models import User
from accounts.passwords import spellings_of_password


class VendorBackend(BaseBackend):
    """Finds people in the current scope alone; outside a scope the query fails loudly."""

    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, *, email: str, password: str, operators: bool = False
    ) -> User | None:
        """The user (or operator) with this e-mail and password; None when there is none."""
        user = (User.operators if operators else User.objects).at(email)
        if user is None:
            # Hash all the same, so that the time says nothing about whether the address exists.
            for spelling in spellings_of_password(password):
                make_password(spelling)
            return None
        return user if user.check_password(password) else None
