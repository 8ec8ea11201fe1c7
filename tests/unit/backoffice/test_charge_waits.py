"""What a charge waits for, from its events and its jobs alone."""

from datetime import timedelta

import pytest

from fincore.backoffice.charge_waits import WAITS, WaitCode, waits_of
from fincore.domain.charge_fold import fold
from fincore.domain.events import ChargeEvent
from fincore.write.queue.port import ChargeJobState
from fixtures.commits import NOON, captured, created
from fixtures.traffic import aftermaths, authorized, failovers, fates, refunding


def codes(*events: ChargeEvent, jobs: tuple[ChargeJobState, ...] = ()) -> list[WaitCode]:
    charge = fold(events)
    assert charge is not None
    return [wait.code for wait in waits_of(charge, jobs)]


@pytest.mark.parametrize(
    "life", [*fates(), *aftermaths(), *failovers()], ids=lambda life: type(life[-1]).__name__
)
def test_a_charge_that_is_over_waits_for_nothing(life: tuple[ChargeEvent, ...]) -> None:
    """An open operation, refund, dispute or attempt waits for something; a charge without any of these does not."""
    charge = fold(life)
    assert charge is not None
    found = codes(*life)
    assert set(found) <= WAITS.keys()
    is_open = (
        charge.operation is not None
        or charge.status in ("requires_action", "authorized", "processing")
        or any(refund.status in ("processing", "pending") for refund in charge.refunds)
        or any(dispute.status in ("needs_response", "under_review") for dispute in charge.disputes)
        or any(attempt.has_money for attempt in charge.abandoned_attempts)
        or bool(charge.held_reports)
    )
    assert bool(found) == is_open


def test_a_new_charge_waits_for_the_answer_of_its_psp() -> None:
    assert codes(created()) == ["psp_answer"]


def test_what_is_held_waits_for_its_merchant() -> None:
    assert codes(created(capture_method="manual"), authorized()) == ["merchant_capture"]


def test_a_dead_letter_waits_for_a_person() -> None:
    job = ChargeJobState(kind="refund.send", status="held", due_at=NOON, tries=3, held_reason="no answer")
    assert codes(created(), captured(), jobs=(job,)) == ["dead_letter"]


def test_a_wait_names_the_first_job_of_its_refund() -> None:
    one, other = refunding(5), refunding(6)
    charge = fold((created(), captured(), one, other))
    assert charge is not None
    jobs = [
        ChargeJobState(
            kind="refund.resolve",
            status="queued",
            due_at=NOON + timedelta(hours=hours),
            tries=1,
            refund_id=refund.refund_id,
        )
        for hours, refund in ((3, one), (2, other), (1, one))
    ]
    assert [(wait.names, wait.next_job_at) for wait in waits_of(charge, jobs)] == [
        (one.refund_id, NOON + timedelta(hours=1)),
        (other.refund_id, NOON + timedelta(hours=2)),
    ]
