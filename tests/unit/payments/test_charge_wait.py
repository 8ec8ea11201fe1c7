"""When a look at a charge that waits is over, and how often looks may have the PSP asked."""

from datetime import UTC, datetime

import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.events import (
    CancelFailed,
    CancelRequested,
    CaptureFailed,
    CaptureRequested,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeEvent,
    ChargeOutcomeUnknown,
    CustomerApproved,
    RefundOutcomeUnknown,
    RefundPending,
    RefundRequested,
)
from fincore.domain.ids import DisputeId, MerchantId, RefundId
from fincore.domain.outcome import PspAccount, PspReference
from fincore.write.payments.budget import Budget
from fincore.write.payments.charge_wait import moved_on_from, refund_answered
from fixtures.commits import captured, created, dispute_opened

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
RE = RefundId("re_01k0bcdefghjkmnpqrstvwxyz0")
HERE = (MerchantId("mer_1"), False)
UNKNOWN = ChargeOutcomeUnknown(reason="timed out", since=NOON)
ACTION = ChargeActionRequired(psp_reference=PspReference("pi_1"), redirect_url="https://bank.example")
APPROVED = CustomerApproved(psp_reference=PspReference("pi_1"), occurred_at=NOON, requested_at=NOON)
CANCEL = CancelRequested(reason="requested_by_customer", requested_at=NOON)
NOT_CANCELED = CancelFailed(code="psp_unavailable", message="", advice="retry_later", occurred_at=NOON)
HELD = ChargeAuthorized(
    merchant_id=captured().merchant_id,
    livemode=False,
    psp=captured().psp,
    psp_account=PspAccount("test"),
    psp_reference=PspReference("pi_1"),
    amount_minor=1000,
    currency=captured().currency,
    occurred_at=NOON,
)
CAPTURE = CaptureRequested(amount_minor=400, requested_at=NOON)
NOT_CAPTURED = CaptureFailed(code="psp_unavailable", message="", advice="retry_later", occurred_at=NOON)
DISPUTE = dispute_opened(DisputeId("dp_1"))


def charge(*events: ChargeEvent) -> Charge:
    state = evolve(None, created(capture_method="manual"))
    for event in events:
        state = evolve(state, event)
    return state


@pytest.mark.parametrize(
    ("before", "news"),
    [
        ((), (UNKNOWN,)),
        ((ACTION,), (CANCEL,)),
        ((ACTION,), (UNKNOWN,)),
        ((HELD, CAPTURE), (UNKNOWN,)),
        ((HELD, CAPTURE), (DISPUTE,)),
    ],
)
def test_charge_with_news_but_no_outcome_is_waited_for(
    before: tuple[ChargeEvent, ...], news: tuple[ChargeEvent, ...]
) -> None:
    has_moved_on = moved_on_from(charge(*before))
    assert not has_moved_on(charge(*before))
    assert not has_moved_on(charge(*before, *news))


@pytest.mark.parametrize(
    ("before", "news"),
    [
        ((), (ACTION,)),
        ((), (captured(),)),
        ((ACTION,), (captured(),)),
        ((ACTION,), (HELD,)),
        ((ACTION,), (APPROVED, ACTION)),
        ((ACTION, CANCEL), (NOT_CANCELED,)),
        ((HELD, CAPTURE), (NOT_CAPTURED,)),
        ((HELD, CAPTURE), (captured(400),)),
    ],
)
def test_charge_that_left_its_state_is_waited_for_no_more(
    before: tuple[ChargeEvent, ...], news: tuple[ChargeEvent, ...]
) -> None:
    assert moved_on_from(charge(*before))(charge(*before, *news))


@pytest.mark.parametrize("events", [(HELD,), (captured(),)])
def test_charge_with_nothing_pending_is_answered_at_once(events: tuple[ChargeEvent, ...]) -> None:
    assert moved_on_from(charge(*events))(charge(*events))


def test_refund_is_waited_for_until_the_psp_has_answered() -> None:
    requested = RefundRequested(
        refund_id=RE,
        merchant_id=MerchantId("mer_1"),
        livemode=False,
        amount_minor=100,
        currency=captured().currency,
        requested_at=NOON,
    )
    is_answered = refund_answered(RE)
    assert not is_answered(charge(captured(), requested))
    assert not is_answered(
        charge(captured(), requested, RefundOutcomeUnknown(refund_id=RE, reason="timed out", since=NOON))
    )
    pending = RefundPending(refund_id=RE, psp_reference=PspReference("re_psp"), occurred_at=NOON)
    assert is_answered(charge(captured(), requested, pending))


def test_inquiry_budget_refills_with_time_up_to_a_bound() -> None:
    now = [0.0]
    budget: Budget[tuple[MerchantId, bool]] = Budget(per_second=2.0, at_once_max=3, monotonic=lambda: now[0])
    assert [budget.take(HERE) for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [budget.take(HERE) for _ in range(2)] == [True, False]
    now[0] = 3600.0
    assert [budget.take(HERE) for _ in range(4)] == [True, True, True, False]


def test_inquiry_budget_of_one_merchant_leaves_the_others() -> None:
    budget: Budget[tuple[MerchantId, bool]] = Budget(per_second=1.0, at_once_max=1, monotonic=lambda: 0.0)
    assert [budget.take(HERE), budget.take(HERE)] == [True, False]
    assert budget.take((HERE[0], True))
    assert budget.take((MerchantId("mer_2"), False))


def test_inquiry_budget_remembers_a_bounded_number_of_accounts() -> None:
    budget: Budget[tuple[MerchantId, bool]] = Budget(
        per_second=1.0, at_once_max=1, keys_max=2, monotonic=lambda: 0.0
    )
    accounts = [(MerchantId(f"mer_{number}"), False) for number in range(3)]
    assert all(budget.take(account) for account in accounts)
    assert not budget.take(accounts[2])
    assert budget.take(accounts[0]), "forgotten, so it begins anew"
