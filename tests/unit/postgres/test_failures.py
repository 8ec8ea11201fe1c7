"""One table says what each error of PostgreSQL means, and everything that meets one goes by it."""

import asyncpg
import pytest

from fincore.domain.errors import StoreUnavailable
from fincore.eventstore.inapplicable_events import is_caused_by_event
from fincore.http.endpoint import Outage, outage_problem
from fincore.http.problems import PROBLEMS
from fincore.postgres.failures import MEANINGS, OUTAGES, Meaning, is_outage, meaning_of, outage_of


@pytest.mark.parametrize(
    ("sqlstate", "meaning"),
    [
        ("08006", "unavailable"),
        ("57P01", "unavailable"),
        ("57P02", "unavailable"),
        ("57P03", "unavailable"),
        ("53300", "unavailable"),
        ("58030", "unavailable"),
        ("25006", "read_only"),
        ("53100", "full"),
        ("53200", "full"),
        ("57014", "interrupted"),
        ("40001", "interrupted"),
        ("40P01", "interrupted"),
        ("28P01", "configuration"),
        ("28000", "configuration"),
        ("3D000", "configuration"),
        ("57P04", "configuration"),
        ("22003", "data"),
        ("23505", "data"),
        ("P0001", "data"),
        ("42P01", "defect"),
        ("42501", "defect"),
        ("XX000", "defect"),
    ],
)
def test_sqlstate_has_the_meaning_of_the_table(sqlstate: str, meaning: Meaning) -> None:
    error = asyncpg.PostgresError.new({"C": sqlstate, "M": "said"})
    assert meaning_of(error) == meaning
    assert is_outage(error) == (meaning in OUTAGES)
    # A fault of the machine or the server must not be blamed on the event that met it: nothing is parked for it.
    assert is_caused_by_event(error) == (meaning == "data")


def test_every_key_of_the_table_is_a_sqlstate_or_a_class() -> None:
    known = {
        kind.sqlstate
        for kind in vars(asyncpg.exceptions).values()
        if isinstance(kind, type) and issubclass(kind, asyncpg.PostgresError) and kind.sqlstate
    }
    # Younger than the list that asyncpg carries.
    known |= {"25P04"}
    assert {key for key in MEANINGS if len(key) == 5} <= known
    assert {key for key in MEANINGS if len(key) == 2} <= {sqlstate[:2] for sqlstate in known}


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("away"),
        TimeoutError("away"),
        asyncpg.ConnectionDoesNotExistError("away"),
        asyncpg.InterfaceError("the pool is closing"),
        asyncpg.InternalClientError("cannot switch to state 11"),
        asyncpg.TargetServerAttributeNotMatched("no server takes writes"),
        StoreUnavailable("away"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_lost_connection_is_an_outage(error: Exception) -> None:
    assert outage_of(error) == "unavailable"


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x"), asyncpg.DataError("x")])
def test_wrong_argument_is_no_outage(error: Exception) -> None:
    assert outage_of(error) is None


def test_store_unavailable_means_what_caused_it() -> None:
    error = StoreUnavailable("repeat the request")
    error.__cause__ = asyncpg.ReadOnlySQLTransactionError("a standby")
    assert outage_of(error) == "read_only"
    error.__cause__ = KeyError("x")
    assert outage_of(error) == "unavailable"


def test_every_outage_is_a_retryable_503_that_names_it() -> None:
    problems = [outage_problem(Outage(*outage)) for outage in OUTAGES.items()]
    assert len({problem.detail for problem in problems}) == len(OUTAGES)
    assert all(int(dict(problem.headers)["retry-after"]) >= 1 for problem in problems)
    kind = PROBLEMS["store_unavailable"]
    assert (kind.status, kind.retryable) == (503, True)
