"""What a call of the Web API knows of whom it comes from."""

from accounts.requests import PersonRequest
from accounts.tokens.arriving import Bearer


class ApiRequest(PersonRequest):
    """A call; inside `bearer.vendor`'s scope if it came with a token that counts."""

    bearer: Bearer | None
