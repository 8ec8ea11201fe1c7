"""The end of an operation that never happened, decided on the charge as it is at that moment."""

from datetime import UTC, datetime

import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.currency import Currency
from fincore.domain.events import (
    CaptureFailed,
    CaptureRequested,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeEvent,
    ChargeFailed,
    ChargeOutcomeUnknown,
)
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.write.worker.policies.findings import decide_never_happened
from fixtures.commits import MERCHANT, captured, created

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LOST = ChargeOutcomeUnknown(reason="timed out", since=NOON)
AUTHORIZED = ChargeAuthorized(
    merchant_id=MERCHANT,
    livemode=False,
    psp=PspName("stripe"),
    psp_account=PspAccount("test"),
    psp_reference=PspReference("pi_1"),
    amount_minor=1000,
    currency=Currency("usd"),
    occurred_at=NOON,
)


def charge_after(*events: ChargeEvent) -> Charge:
    charge = evolve(None, created(capture_method="manual"))
    for event in events:
        charge = evolve(charge, event)
    return charge


def pending(charge: Charge) -> PendingOperation:
    assert charge.operation is not None
    return charge.operation


def test_authorization_that_never_happened_fails_the_charge() -> None:
    charge = charge_after(LOST)
    decided = decide_never_happened(charge, pending(charge), NOON)
    assert isinstance(decided, tuple)
    (event,) = decided
    assert isinstance(event, ChargeFailed)
    assert (event.code, event.advice) == ("psp_unavailable", "retry_later")


@pytest.mark.parametrize(
    "known",
    [ChargeActionRequired(psp_reference=PspReference("pi_1")), captured()],
    ids=["action_required", "captured"],
)
def test_never_happened_changes_nothing_once_outcome_is_known(known: ChargeEvent) -> None:
    """A webhook came between the inquiry and the commit. A charge that waits for its customer must not fail."""
    operation = pending(charge_after(LOST))
    assert decide_never_happened(charge_after(LOST, known), operation, NOON) == ()


def test_never_happened_changes_nothing_of_known_operation() -> None:
    charge = charge_after()
    assert decide_never_happened(charge, pending(charge), NOON) == ()


def test_never_happened_rejects_its_own_capture_and_no_later_one() -> None:
    first = evolve(charge_after(AUTHORIZED), CaptureRequested(amount_minor=1000, requested_at=NOON))
    unknown = evolve(first, ChargeOutcomeUnknown(reason="timed out", since=NOON, operation="capture"))
    decided = decide_never_happened(unknown, pending(unknown), NOON)
    assert isinstance(decided, tuple)
    assert isinstance(decided[0], CaptureFailed)
    failed = evolve(unknown, decided[0])
    second = evolve(failed, CaptureRequested(amount_minor=1000, requested_at=NOON))
    again = evolve(second, ChargeOutcomeUnknown(reason="timed out", since=NOON, operation="capture"))
    assert decide_never_happened(again, pending(unknown), NOON) == ()
