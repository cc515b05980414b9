"""What a transaction does last, and bulk work that nobody has to wait for."""

import time
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from audit import trail
from audit.chain import verify
from audit.models import AuditEntry
from tenancy import transactions
from tenancy.door import inside
from tenancy.transactions import all_or_none, delete_in_steps, in_steps, leave_to_the_end
from tests.conftest import ON_POSTGRESQL
from tests.others import another
from tests.world import World
from web.models import RateBucket

pytestmark = pytest.mark.django_db(transaction=True)


# --- The last step ------------------------------------------------------------------------------


def test_what_is_left_to_the_end_is_taken_together_and_in_its_order() -> None:
    taken: list[Any] = []
    with transaction.atomic():
        leave_to_the_end(taken.append, 1)
        with transaction.atomic():
            leave_to_the_end(taken.append, 2)
        assert taken == []
    assert taken == [[1, 2]]


def test_what_is_rolled_back_is_not_taken() -> None:
    taken: list[Any] = []
    with transaction.atomic():
        leave_to_the_end(taken.append, 1)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            leave_to_the_end(taken.append, 2)
            raise ZeroDivisionError
        leave_to_the_end(taken.append, 3)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        leave_to_the_end(taken.append, 4)
        raise ZeroDivisionError
    with transaction.atomic():
        pass
    assert taken == [[1, 3]]


def test_of_all_or_none_what_fails_inside_undoes_all_and_nothing_around() -> None:
    taken: list[Any] = []

    @transaction.atomic
    def write(key: str) -> None:
        RateBucket.objects.create(key=key, whole_at=0)
        leave_to_the_end(taken.append, key)
        if key == "refused":
            raise ZeroDivisionError

    with transaction.atomic():
        write("before")
        with pytest.raises(ZeroDivisionError), all_or_none():
            write("undone")
            write("refused")
        with all_or_none():
            write("alone")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            write("refused")  # It has its savepoint again.
    assert taken == [["before", "alone"]]
    assert set(RateBucket.objects.values_list("key", flat=True)) == {"before", "alone"}


@pytest.mark.parametrize("error", [IntegrityError, RuntimeError])
def test_a_last_step_that_fails_undoes_everything(error: type[Exception]) -> None:
    def fail(_what: list[Any]) -> None:
        RateBucket.objects.create(key="last", whole_at=0)
        raise error

    with pytest.raises(error), transaction.atomic():
        RateBucket.objects.create(key="first", whole_at=0)
        leave_to_the_end(fail, None)
    assert not RateBucket.objects.exists()
    assert not connection.in_atomic_block
    RateBucket.objects.create(key="after", whole_at=0)


def test_without_a_transaction_there_is_no_end() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        leave_to_the_end(lambda _what: None, None)


def chains_free() -> bool:
    """Whether somebody else can have the ends of all chains."""
    other = another()
    try:
        other.execute("SELECT 1 FROM audit_auditchain FOR UPDATE NOWAIT")
    except Exception:
        return False
    finally:
        other.close()
    return True


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has one lock for everything")
def test_a_chain_is_held_by_the_last_step_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    update = AuditEntry.objects.bulk_create

    def late(*given: Any, **named: Any) -> Any:
        held.append(not chains_free())
        return update(*given, **named)

    monkeypatch.setattr(AuditEntry.objects, "bulk_create", late)
    with transaction.atomic():
        trail.record("changed", world.ada)
        assert chains_free()
    assert held == [True]
    assert chains_free()


def test_one_transaction_goes_on_with_the_chains_of_several_vendors(world: World) -> None:
    with transaction.atomic():
        for person in (world.bob, world.ada, world.bob):
            trail.record("changed", person, details={"of": "both"})
    for vendor, n in ((world.acme, 1), (world.globex, 2)):
        assert verify(vendor).faults == []
        with inside(vendor):
            assert len([e for e in AuditEntry.objects.all() if e.details == {"of": "both"}]) == n


# --- Bulk work ----------------------------------------------------------------------------------


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seen: list[float] = []
    monkeypatch.setattr(transactions, "sleep", seen.append)
    return seen


@pytest.mark.parametrize(("longest", "expected"), [(0.0, 3), (60.0, 1)])
def test_a_transaction_takes_on_no_more_once_it_has_lasted(
    longest: float, expected: int, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "LONGEST", longest)
    open_at: list[int] = []
    begun: list[bool] = []

    def act(number: int) -> None:
        begun.append(not open_at)
        open_at.append(number)
        RateBucket.objects.create(key=str(number), whole_at=0)
        transaction.on_commit(open_at.clear)

    in_steps(range(3), act)
    assert sum(begun) == expected
    assert RateBucket.objects.count() == 3
    assert len(pauses) == (0 if ON_POSTGRESQL else expected)
    assert all(each >= transactions.SHORTEST_PAUSE for each in pauses)


def test_others_have_their_turn_between_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "LONGEST", 0.0)
    waited: list[float] = []

    def act(number: int) -> None:
        RateBucket.objects.create(key=str(number), whole_at=0)
        if number:
            other = another()
            start = time.perf_counter_ns()
            other.execute("SELECT count(*) FROM web_ratebucket").fetchone()
            waited.append((time.perf_counter_ns() - start) / 1e9)
            other.close()

    in_steps(range(3), act)
    assert max(waited) < 1


def test_what_fails_undoes_its_own_transaction_alone(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "LONGEST", 0.0)

    def act(number: int) -> None:
        RateBucket.objects.create(key=str(number), whole_at=0)
        if number == 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_steps(range(4), act)
    assert set(RateBucket.objects.values_list("key", flat=True)) == {"0", "1"}


def test_many_rows_are_deleted_a_few_at_a_time(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "LONGEST", 0.0)
    monkeypatch.setattr(transactions, "DELETED_AT_ONCE", 2)
    RateBucket.objects.bulk_create(RateBucket(key=str(n), whole_at=n) for n in range(7))
    assert delete_in_steps(RateBucket.objects.filter(whole_at__lt=5)) == 5
    assert RateBucket.objects.count() == 2
    assert len(pauses) == (0 if ON_POSTGRESQL else 3)
