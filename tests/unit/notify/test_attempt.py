"""How attempts that are over tell on their endpoint: its failures in a row, its pause, its places."""

from datetime import timedelta

import pytest

from fincore.domain.ids import WebhookDeliveryId, WebhookEndpointId
from fincore.notify.attempt import QUICK_MILLISECONDS, Attempted, Claimed, health_rows
from fincore.notify.retry_schedule import AttemptResult, next_step
from fixtures.commits import NOON

OK, ERROR, BUSY = (
    AttemptResult(status=204),
    AttemptResult(status=500),
    AttemptResult(status=503, retry_after_seconds=90.0),
)


def attempted(
    result: AttemptResult, *, endpoint: str = "we_1", milliseconds: int = 20, is_crowded: bool = True
) -> Attempted:
    """An attempt at an endpoint that had failed twice in a row."""
    claimed = Claimed(
        delivery_id=WebhookDeliveryId("msg_1"),
        endpoint_id=WebhookEndpointId(endpoint),
        url="https://example.com/",
        body=b"{}",
        attempt=1,
        round_attempt=1,
        failures=2,
        is_crowded=is_crowded,
        encrypted_secrets=(),
    )
    return Attempted(
        claimed=claimed,
        began_at=NOON,
        ended_at=NOON,
        duration_ms=milliseconds,
        result=result,
        step=next_step(result, attempt=1, now=NOON, fraction=0.0),
    )


@pytest.mark.parametrize(
    ("together", "failures", "pause_seconds"),
    [
        ([OK], 0, None),
        ([ERROR, OK, ERROR], 0, None),
        ([ERROR], 3, 20),
        ([ERROR, ERROR], 3, 20),
        ([ERROR, BUSY, ERROR], 3, 90),
    ],
    ids=["success", "success among failures", "failure", "failures together", "a pause asked for"],
)
def test_endpoint_success_clears_failures_and_batch_counts_once(
    together: list[AttemptResult], failures: int, pause_seconds: int | None
) -> None:
    ((endpoint_id, *fared),) = health_rows([attempted(one) for one in together])
    until = None if pause_seconds is None else NOON + timedelta(seconds=pause_seconds)
    assert (endpoint_id, *fared[:3]) == ("we_1", failures, until, NOON if pause_seconds is None else None)


@pytest.mark.parametrize(
    ("together", "more", "is_strained"),
    [
        ([attempted(OK), attempted(OK)], 2, False),
        ([attempted(OK, is_crowded=False), attempted(OK)], 1, False),
        ([attempted(OK, milliseconds=QUICK_MILLISECONDS)], 1, False),
        ([attempted(OK, milliseconds=QUICK_MILLISECONDS + 1), attempted(OK)], 0, True),
        ([attempted(OK), attempted(ERROR)], 0, True),
    ],
    ids=["quick", "places to spare", "just quick", "slow", "failure"],
)
def test_endpoint_places_grow_when_fast_and_halve_when_slow(
    together: list[Attempted], more: int, *, is_strained: bool
) -> None:
    ((*_, more_places, strained),) = health_rows(together)
    assert (more_places, strained) == (more, is_strained)


def test_each_endpoint_fares_by_its_own_attempts() -> None:
    rows = health_rows([attempted(OK), attempted(ERROR, endpoint="we_2"), attempted(OK)])
    assert [(row[0], row[1], row[-2], row[-1]) for row in rows] == [
        ("we_1", 0, 2, False),
        ("we_2", 3, 0, True),
    ]
