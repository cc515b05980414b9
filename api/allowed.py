"""Who may call an operation. Each says it, as its `auth`; one that says nothing is for nobody."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from accounts.models import User
from accounts.second_factor.asked import is_overdue
from accounts.tokens.arriving import Bearer
from api.errors import NoRight, OutOfScope, SecondFactorDue, Unauthenticated

# For operations that need no token: a licence's key, a product's or a machine's id is the proof.
OPEN = None


class needs(HttpBearer):
    """Asks for a token with a scope, and for a right that its person has now; without a right,
    everybody's token will do: what it reaches is the person's own."""

    def __init__(self, scope: str, right: str = "") -> None:
        super().__init__()
        self.scope = scope
        self.right = right

    def __call__(self, request: HttpRequest) -> User:
        """The person. Raises Unauthenticated, OutOfScope, SecondFactorDue and NoRight."""
        # SECURITY: tests/api/test_matrix.py, for every operation.
        bearer: Bearer | None = getattr(request, "bearer", None)
        if bearer is None:
            raise Unauthenticated
        if not bearer.covers(self.scope):
            raise OutOfScope(self.scope)
        if is_overdue(bearer.user):
            raise SecondFactorDue
        if self.right and not bearer.user.has_perm(self.right):
            raise NoRight
        return bearer.user

    def lets(self, bearer: Bearer | None) -> bool:
        """Whether such an operation would be done for the token, as far as scope and right go."""
        return bearer is not None and bearer.covers(self.scope) and bearer.user.has_perm(self.right)

    def authenticate(self, request: HttpRequest, token: str) -> User:
        """Not asked: `__call__` looks at whom the middleware has found."""
        return self(request)


class _Nobody(HttpBearer):
    def __call__(self, request: HttpRequest) -> User:
        raise Unauthenticated

    def authenticate(self, request: HttpRequest, token: str) -> User:
        raise Unauthenticated


NOBODY = _Nobody()
