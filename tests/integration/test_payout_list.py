"""Which payouts staff are shown, and one payout with its events, on the real log."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from fincore.backoffice.payouts import PayoutNotFound, payout_history
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.clock import SystemClock
from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import PayoutAccount, PayoutReport
from fincore.domain.payout_statuses import PayoutStatus
from fincore.domain.settlement_events import BankAccount
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Recorded
from fincore.write.routing.plan import AccountName
from fincore.write.settlement.listed_payouts import PayoutFilters, list_payouts
from fincore.write.settlement.payouts import PayoutRecorder

NOON: Final = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
ACCOUNTS: Final[Mapping[str, PayoutAccount]] = {
    name: PayoutAccount(psp=PspName("stripe"), psp_account=PspAccount(name), livemode=name == "live")
    for name in ("live", "test")
}
REPORTED: Final[tuple[tuple[str, str, PayoutStatus], ...]] = (
    ("live", "po_1", "paid"),
    ("test", "po_1", "in_transit"),
    ("live", "po_2", "in_transit"),
    ("live", "po_3", "canceled"),
    ("live", "po_4", "in_transit"),
    ("live", "po_2", "failed"),
)


async def report(
    operator: OperatorStores,
    account: str,
    psp_reference: str,
    status: PayoutStatus,
    bank_reference: str | None = None,
) -> None:
    recorder = PayoutRecorder(operator.payout_log, operator.writer, SystemClock())
    recorded = await recorder.record(
        ACCOUNTS[account],
        PayoutReport(
            psp_reference=PspReference(psp_reference),
            money=Money(100, Currency("usd")),
            status=status,
            created_at=NOON,
            occurred_at=NOON + timedelta(hours=1),
            bank_reference=bank_reference,
        ),
        Provenance(correlation=psp_reference, actor="tests"),
        bank_account=BankAccount("main"),
    )
    assert isinstance(recorded, Recorded)


async def listed(operator: OperatorStores, *, limit: int = 100, **filters: Any) -> list[str]:
    """The payouts, as account and id at the PSP."""
    found = await list_payouts(operator.eventstore, PayoutFilters(**filters), limit=limit)
    return [f"{one.account.psp_account} {one.psp_reference} {one.status}" for one in found]


async def test_payouts_are_listed_newest_first_and_filtered(operator: OperatorStores) -> None:
    for one in REPORTED:
        await report(operator, *one)
    everything = [
        "live po_4 in_transit",
        "live po_3 canceled",
        "live po_2 failed",
        "test po_1 in_transit",
        "live po_1 paid",
    ]
    assert await listed(operator) == everything
    assert await listed(operator, limit=2) == everything[:2]
    assert await listed(operator, status="in_transit") == [everything[0], everything[3]]
    assert await listed(operator, status="paid") == [everything[4]]
    assert await listed(operator, psp_reference=PspReference("po_1")) == everything[3:]
    live = AccountName(PspName("stripe"), PspAccount("live"))
    assert await listed(operator, account=live, status="in_transit") == everything[:1]
    other = AccountName(PspName("paypal"), PspAccount("live"))
    assert await listed(operator, account=other) == []


async def test_payout_with_a_bank_reference_keeps_its_status(operator: OperatorStores) -> None:
    await report(operator, "live", "po_1", "paid", "TRACE0001")
    assert await listed(operator, status="paid") == ["live po_1 paid"]
    history = await payout_history(operator.payout_log, ACCOUNTS["live"].payout_id(PspReference("po_1")))
    assert (history.events[2].type, history.events[2].says) == (
        "payout.bank_reference_told",
        "bank_reference TRACE0001",
    )


async def test_payouts_history_has_each_event(operator: OperatorStores) -> None:
    await report(operator, "live", "po_1", "paid")
    payout_id = ACCOUNTS["live"].payout_id(PspReference("po_1"))
    history = await payout_history(operator.payout_log, payout_id)
    assert [(one.version, one.type) for one in history.events] == [(1, "payout.created"), (2, "payout.paid")]
    assert history.events[1].says == "bank_account main"
    assert history.state is not None
    assert (history.state.status, history.stop) == ("paid", None)
    with pytest.raises(PayoutNotFound, match="fincore payouts list"):
        await payout_history(operator.payout_log, ACCOUNTS["test"].payout_id(PspReference("po_1")))
