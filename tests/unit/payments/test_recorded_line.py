"""The line of log about a charge that ended as it was accepted: written once it is durable, and once alone."""

import pytest
from structlog.testing import capture_logs

from fincore.domain.charge_fold import evolve
from fincore.domain.events import ChargeFailed
from fincore.domain.ids import new_charge_id
from fincore.eventstore.commit import RenderedResponse
from fincore.write.payments.idempotent_requests import Refused, Responded
from fincore.write.payments.recorded_line import EndedAtOnce
from fixtures.commits import created

CREATED = created()
FAILED = ChargeFailed(
    code="blocked_by_risk", message="", advice="do_not_retry", occurred_at=CREATED.created_at
)
CHARGE_ID = new_charge_id()


def responded(*, is_replay: bool) -> Responded:
    return Responded(RenderedResponse(201, b"{}"), is_replay=is_replay, has_waited=False)


def lines(answer: Responded | Refused, *, is_over: bool = True) -> list[object]:
    """What is logged of a request that was answered so."""
    events = (CREATED, FAILED) if is_over else (CREATED,)
    charge = evolve(None, CREATED)
    ended = EndedAtOnce()
    with capture_logs() as logged:
        ended.decided(CHARGE_ID, evolve(charge, FAILED) if is_over else charge, events)
        ended.tell(answer)
    return list(logged)


def test_charge_that_ended_at_once_has_the_line_of_a_worker() -> None:
    assert lines(responded(is_replay=False)) == [
        {
            "event": "payments.recorded",
            "log_level": "info",
            "charge_id": CHARGE_ID,
            "events": ["charge.created", "charge.failed"],
            "code": "blocked_by_risk",
            "psp": "stripe",
            "psp_account": "test",
            "livemode": False,
            "age_ms": 0,
        }
    ]


@pytest.mark.parametrize(
    "answer", [responded(is_replay=True), Refused("charge_busy")], ids=["replay", "refused"]
)
def test_charge_that_was_not_written_has_no_line(answer: Responded | Refused) -> None:
    assert lines(answer) == []


def test_charge_that_a_worker_goes_on_with_has_no_line() -> None:
    assert lines(responded(is_replay=False), is_over=False) == []


def test_charge_that_was_decided_anew_has_the_last_decision() -> None:
    ended = EndedAtOnce()
    charge = evolve(None, CREATED)
    with capture_logs() as logged:
        ended.decided(CHARGE_ID, evolve(charge, FAILED), (CREATED, FAILED))
        ended.decided(CHARGE_ID, charge, (CREATED,))
        ended.tell(responded(is_replay=False))
    assert logged == []
