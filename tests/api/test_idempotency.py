"""Calls that count once, however often they are sent."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.tokens.models import PersonalAccessToken
from accounts.tokens.verbs import set_revoked
from api import idempotency
from api import products as operations
from licenses.models import Product
from tenancy.door import inside
from tests import world as worlds
from tests.api.program import Program, program_of
from tests.api.test_accounts import ADA, LOGIN
from tests.api.test_activations import body_of, spare
from tests.licenses.test_activation import run_at_once
from tests.world import World
from web.models import AnsweredCall

PATH = "/v3/products"
LENS = {"name": "Lens", "displayName": "Lens of Acme"}


def send(program: Program, body: Any = LENS, key: str = "key 1", path: str = PATH) -> Any:
    return program.send("POST", path, body, headers={"Idempotency-Key": key})


def made(world: World) -> int:
    with inside(world.acme):
        return Product.objects.filter(name__startswith="Lens").count()


def test_a_call_counts_once(world: World) -> None:
    program = program_of(world.acme_admin)
    first, second = send(program), send(program)
    assert (first.status_code, second.status_code, made(world)) == (201, 201, 1)
    assert first.content == second.content
    assert first["Content-Type"] == second["Content-Type"]
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert second["X-Rate-Limit-Remaining"] == "598"
    [row] = AnsweredCall.objects.values()
    assert "Lens" not in str(row)
    assert "key 1" not in str(row)


def test_a_key_is_for_one_call_of_one_token(world: World) -> None:
    program = program_of(world.acme_admin)
    assert send(program).status_code == 201
    again = send(program, LENS | {"name": "Lens 2"})
    assert (again.status_code, again.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    another = send(program_of(world.acme_admin), LENS | {"name": "Lens 3"})
    assert another.json()["name"] == "Lens 3"
    assert send(program, LENS | {"name": "Lens 4"}, "key 2").json()["name"] == "Lens 4"
    assert program.send("POST", PATH, LENS | {"name": "Lens 5"}).status_code == 201
    assert send(program, {"name": "lens"}, path="/v3/tags").json()["name"] == "lens"
    assert made(world) == 4
    assert send(program, key="k" * 256).status_code == 400


def test_what_was_refused_may_be_sent_again(world: World) -> None:
    program = program_of(world.acme_admin)
    assert send(program, {"name": ""}).status_code == 400
    assert send(program, {"name": []}).status_code == 400
    assert not AnsweredCall.objects.exists()
    assert send(program).status_code == 201


def test_what_breaks_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(row: Any) -> None:
        raise RuntimeError

    program = program_of(world.acme_admin)
    with monkeypatch.context() as patch:
        patch.setattr(operations.wire, "product", broken)
        with pytest.raises(RuntimeError):
            send(program)
    assert (made(world), AnsweredCall.objects.count()) == (0, 0)
    assert send(program).status_code == 201


def test_who_may_not_any_more_is_told_nothing(world: World) -> None:
    program = program_of(world.acme_admin)
    assert send(program).status_code == 201
    with inside(world.acme):
        set_revoked(PersonalAccessToken.objects.get(), revoked=True)
    assert send(program).status_code == 401


def test_an_answer_is_kept_for_a_day(world: World, frozen_time: Any) -> None:
    program = program_of(world.acme_admin)
    send(program)
    frozen_time.shift(timedelta(hours=23, minutes=59))
    assert send(program).status_code == 201
    assert idempotency.clean_up() == "Forgot 0 answers to calls of the Web API."
    frozen_time.shift(timedelta(minutes=2))
    assert "Idempotent-Replayed" not in send(program, LENS | {"name": "Lens 2"})
    frozen_time.shift(timedelta(days=2))
    assert idempotency.clean_up() == "Forgot 1 answers to calls of the Web API."
    assert not AnsweredCall.objects.exists()


def test_signing_in_counts_each_time(world: World) -> None:
    pairs = {send(Program(), ADA, path=LOGIN).content for _time in range(2)}
    assert len(pairs) == 2
    wrong = ADA | {"password": "wrong"}
    tried = [send(Program(), wrong, path=LOGIN).status_code for _time in range(8)]
    assert tried[-1] == 429, "A key makes nobody guess for longer."
    assert not AnsweredCall.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_acts_and_all_get_its_answer() -> None:
    world = worlds.build()
    programs = [program_of(world.acme_admin)] * 4
    answers = run_at_once(4, lambda n: send(programs[n]).content.decode())
    assert len(set(answers)) == 1, answers
    assert '"name":"Lens"' in answers[0]
    assert made(world) == 1


def test_a_licences_key_is_proof_enough(world: World) -> None:
    body, path = body_of(spare(world)), "/v3/activations"
    first, second = send(Program(), body, path=path), send(Program(), body, path=path)
    assert first.status_code == 201
    assert first.content == second.content, "A token that is signed anew differs."
    elsewhere = Program().send(
        "POST", path, body, headers={"Idempotency-Key": "key 1"}, REMOTE_ADDR="192.0.2.7"
    )
    assert elsewhere.status_code == 201
    assert "Idempotent-Replayed" not in elsewhere
    assert send(Program(), body | {"hostname": "x"}, path=path).status_code == 409
