"""Personal access tokens of one's own."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tokens import verbs as tokens
from accounts.tokens.models import PersonalAccessToken
from audit.models import AuditEntry
from tenancy.door import inside
from tests.api.program import Program, program_of
from tests.api.test_accounts import ADA, pair_of
from tests.conftest import NOW
from tests.world import World

PATH = "/v3/personal-access-tokens"
NIGHTLY = {"name": "Nightly", "scopes": ["license:read", "licenseTemplate:read"]}


def signed_in_program(**whose: str) -> Program:
    return Program(pair_of(ADA | whose)["accessToken"])


def test_a_token_is_made_shown_once_revoked_and_deleted(world: World) -> None:
    program = signed_in_program()
    made = program.create(PATH, NIGHTLY | {"expiresAt": "2027-01-01"})
    assert made.status_code == 201
    token = made.json()["accessToken"]
    [row] = program.get(PATH).json()
    assert row["scopes"] == ["license:read", "licensePolicy:read"]
    assert row["expiresAt"] == "2027-01-01T00:00:00Z"
    assert "lastUsedAt" not in row
    assert token not in str(program.get(PATH).content)
    assert Program(token).get("/v3/me/licenses").status_code == 200
    one = f"{PATH}/{row['id']}"
    assert program.get(one).json()["lastUsedAt"] == "2026-11-24T12:00:00Z"
    assert program.change(one, {"revoked": True}).json()["revoked"] is True
    assert Program(token).get("/v3/me/licenses").status_code == 401
    assert program.change(one, {"revoked": False}).json()["revoked"] is False
    assert Program(token).get("/v3/me/licenses").status_code == 200
    assert program.remove(one).status_code == 204
    assert Program(token).get("/v3/me/licenses").status_code == 401
    [told] = mail.outbox
    assert told.subject == "An access token was made at Acme Instruments"
    assert "“Nightly”" in told.body
    assert "If it was not you" in told.body
    with inside(world.acme):
        entries = AuditEntry.objects.filter(subject_id=row["id"]).order_by("sequence")
        assert [each.action for each in entries] == ["created", "changed", "changed", "deleted"]
        assert token.rpartition(".")[2] not in str(list(entries.values()))


def test_a_token_makes_no_others(world: World, frozen_time: Any) -> None:
    program = program_of(world.ada)
    refused = program.create(PATH, NIGHTLY)
    assert (refused.status_code, refused.json()["code"]) == (403, "PROOF_NEEDED")
    [own] = program.get(PATH).json()
    assert program.change(f"{PATH}/{own['id']}", {"revoked": True}).status_code == 200
    late = signed_in_program()
    assert late.change(f"{PATH}/{own['id']}", {"revoked": False}).status_code == 200
    frozen_time.shift(timedelta(minutes=11))
    assert late.create(PATH, NIGHTLY).json()["code"] == "PROOF_NEEDED"
    assert len(late.get(PATH).json()) == 1


def test_a_token_is_its_persons_alone(world: World) -> None:
    with inside(world.acme):
        hers, _token = tokens.write(world.grace, name="Grace", scopes=["user:read"])
    for program in (signed_in_program(), program_of(world.acme_admin)):
        assert "Grace" not in str(program.get(PATH).content)
        for answer in (
            program.get(f"{PATH}/{hers.pk}"),
            program.change(f"{PATH}/{hers.pk}", {"revoked": True}),
            program.remove(f"{PATH}/{hers.pk}"),
        ):
            assert answer.status_code == 404


BAD: dict[str, Any] = {
    "no name": {"name": "", "scopes": []},
    "a long name": {"name": "x" * 101},
    "an unknown scope": {"scopes": ["world:write"]},
    "a scope that is none": {"scopes": [7]},
    "scopes as text": {"scopes": "license:read"},
    "an end that was": {"expiresAt": (NOW - timedelta(days=1)).isoformat()},
    "an end that is none": {"expiresAt": "soon"},
    "an unseen name": {"name": "\u202e"},
}


def test_a_token_that_can_not_be_is_not_made(world: World) -> None:
    program = signed_in_program()
    for name, changed in BAD.items():
        response = program.create(PATH, NIGHTLY | changed)
        assert response.status_code == 400, (name, response.content)
    assert program.change(f"{PATH}/x", {}).status_code == 400
    with inside(world.acme):
        assert not PersonalAccessToken.objects.exists()
    assert mail.outbox == []


def test_nobody_has_more_than_fifty(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 2)
    program = signed_in_program()
    made = [program.create(PATH, NIGHTLY).status_code for _time in range(3)]
    assert made == [201, 201, 409]


def test_the_list_asks_the_same_for_one_and_three(world: World) -> None:
    program = program_of(world.ada)
    counts = []
    for more in (0, 2):
        for n in range(more):
            with inside(world.acme):
                tokens.write(world.ada, name=f"More {n}", scopes=["user:read"])
        with CaptureQueriesContext(connection) as asked:
            assert len(program.get(f"{PATH}?sort=-createdAt").json()) == 1 + more
        counts.append(len(asked))
    assert counts[0] >= counts[1]
