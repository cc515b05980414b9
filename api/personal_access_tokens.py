"""Personal access tokens: `/v3/personal-access-tokens`, the caller's own."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from accounts import wire
from accounts.tokens.models import PersonalAccessToken
from accounts.tokens.verbs import delete, make, set_revoked, tokens_of
from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.proof import check_proof
from api.requests import ApiRequest

router = Router(tags=["personal_access_tokens"])
READ = needs("personalAccessToken:read")
WRITE = needs("personalAccessToken:write")


class TokenBody(Body):
    name: str = ""
    scopes: list[str] = []
    expires_at: Moment | None = None


class RevokedBody(Body):
    revoked: bool


class TokenAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    scopes: list[str]
    expires_at: Moment | None = None
    revoked: bool
    last_used_at: Moment | None = None


class AccessTokenAnswer(Answer):
    access_token: str


TOKENS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "name": Column("name"),
        "revoked": Column("revoked", Kind.FLAG),
        "expiresAt": Column("expires_at", Kind.MOMENT),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: rows.filter(name__icontains=words),
)


@router.get(
    "/personal-access-tokens",
    auth=READ,
    response=list[TokenAnswer],
    openapi_extra=TOKENS.documented(),
)
def list_tokens(request: ApiRequest) -> HttpResponse:
    return listed(request, tokens_of(request.user), TOKENS, wire.token)


@router.post("/personal-access-tokens", auth=WRITE, response={201: AccessTokenAnswer})
def create(request: ApiRequest, body: TokenBody) -> HttpResponse:
    """The token is shown in this answer alone. Who makes one has just signed in: a token makes no
    others, which would outlive it."""
    check_proof(request)
    _row, token = make(request.user, name=body.name, scopes=body.scopes, expires_at=body.expires_at)
    return created({"accessToken": token})


@router.get("/personal-access-tokens/{id}", auth=READ, response=TokenAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.token(_own(request, id)))


@router.patch("/personal-access-tokens/{id}", auth=WRITE, response=TokenAnswer)
def update(request: ApiRequest, id: str, body: RevokedBody) -> HttpResponse:
    """Revokes it; to let it in again asks for the proof of making one."""
    token = _own(request, id)
    if token.revoked and not body.revoked:
        check_proof(request)
    return answer(wire.token(set_revoked(token, revoked=body.revoked)))


@router.delete("/personal-access-tokens/{id}", auth=WRITE, response={204: None})
def remove(request: ApiRequest, id: str) -> HttpResponse:
    delete(_own(request, id))
    return nothing()


def _own(request: ApiRequest, id: str) -> PersonalAccessToken:
    """Raises NotFound."""
    token: PersonalAccessToken = row_of(tokens_of(request.user), id, "token")
    return token
