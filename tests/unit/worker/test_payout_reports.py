"""What the worker makes of a PSP's reports of payouts: recorded once, in any order, or held with a reason."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import payout_stream_of
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import Payout, PayoutAccount, PayoutReport
from fincore.domain.settlement_events import BankAccount, PayoutEvent, payout_event_type
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.write.psp.port import PayoutNotice
from fincore.write.queue.job_payloads import WebhookJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobId, JobResult
from fincore.write.routing.plan import AccountName
from fincore.write.settlement.payouts import PayoutRecorder
from fincore.write.settlement.settled_account import SettledAccount
from fincore.write.worker.plumbing.payout_reports import RecordPayout
from fixtures.scripted_psp import SteppedClock
from simulation.log_model import LogModel

STRIPE: Final = PspName("stripe")
TEST: Final = PspAccount("test")
NAMED: Final = PspAccount("named")
NOON: Final = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
REFERENCE: Final = PspReference("po_1")


class Told:
    """A recorder of payouts over a log in memory. `bank` is configured for the account `named` only."""

    def __init__(self) -> None:
        self._model = LogModel(SteppedClock(), lambda _jobs: None)
        self.recorder = PayoutRecorder(
            cast("EventLog[PayoutEvent]", self._model),
            cast("Writer[PayoutEvent]", self._model),
            SteppedClock(NOON),
        )
        self._record = RecordPayout(
            self.recorder,
            {
                AccountName(STRIPE, TEST): SettledAccount(livemode=False),
                AccountName(STRIPE, NAMED): SettledAccount(livemode=False, bank_account=BankAccount("main")),
            },
        )

    async def tell(
        self, status: str = "paid", *, account: PspAccount = TEST, minute: int = 0, **fields: Any
    ) -> JobResult:
        """A webhook says that the payout has this status since some minutes after noon."""
        said = {
            "psp_reference": REFERENCE,
            "money": Money(9_410, Currency("usd")),
            "status": status,
            "created_at": NOON,
            "occurred_at": NOON + timedelta(minutes=minute),
        }
        notice = PayoutNotice(
            psp_reference=REFERENCE,
            livemode=False,
            destination="ba_1",
            content=PayoutReport(**cast("dict[str, Any]", said | fields)),
        )
        return await self.notify(notice, account=account)

    async def notify(self, notice: PayoutNotice, *, account: PspAccount = TEST) -> JobResult:
        job = ClaimedJob(
            job_id=JobId("1"), kind="webhook.interpret", payload=b"", attempt=1, may_have_run=False
        )
        return await self._record(
            job, WebhookJob(psp=STRIPE, psp_account=account, psp_event_id="evt_1"), notice
        )

    async def payout(self, account: PspAccount = TEST) -> Payout | None:
        """The payout as the log tells it."""
        return await self.recorder.load(self._id(account))

    async def history(self, account: PspAccount = TEST) -> list[str]:
        """The names of its events."""
        recorded = await self._model.load(payout_stream_of(self._id(account)))
        return [payout_event_type(cast("PayoutEvent", one.event)) for one in recorded]

    def _id(self, account: PspAccount) -> Any:
        return PayoutAccount(psp=STRIPE, psp_account=account, livemode=False).payout_id(REFERENCE)


async def test_payouts_webhooks_in_order_are_recorded_once() -> None:
    told = Told()
    for minute, status in enumerate(("in_transit", "in_transit", "paid", "paid", "failed", "failed")):
        assert await told.tell(status, minute=minute) == Done()
    assert await told.history() == ["payout.created", "payout.paid", "payout.failed"]


async def test_payouts_webhooks_in_any_order_end_alike() -> None:
    """Each order of created, paid and failed ends as failed, and money that never was paid never came back from the bank."""
    reports = [("in_transit", 0), ("paid", 1), ("failed", 2)]
    for seed in range(6):
        told, order = Told(), random.Random(seed).sample(reports, 3)
        for status, minute in order:
            assert await told.tell(status, minute=minute) == Done(), order
        payout = await told.payout()
        assert payout is not None
        assert payout.status == "failed", order
        assert (payout.bank_account is not None) is ("payout.paid" in await told.history())


async def test_negative_payout_is_recorded_as_such() -> None:
    told = Told()
    await told.tell(money=Money(-500, Currency("usd")))
    payout = await told.payout()
    assert payout is not None
    assert payout.money == Money(-500, Currency("usd"))


@pytest.mark.parametrize(("account", "bank"), [(TEST, "ba_1"), (NAMED, "main")])
async def test_bank_account_is_the_configured_or_the_psps(account: PspAccount, bank: str) -> None:
    told = Told()
    await told.tell(account=account)
    payout = await told.payout(account)
    assert payout is not None
    assert payout.bank_account == bank


async def test_same_payout_of_two_accounts_is_two_payouts() -> None:
    told = Told()
    await told.tell("paid")
    await told.tell("in_transit", account=NAMED)
    assert await told.history(TEST) == ["payout.created", "payout.paid"]
    assert await told.history(NAMED) == ["payout.created"]


async def test_payout_report_that_contradicts_the_log_is_held() -> None:
    told = Told()
    await told.tell("canceled")
    results = [
        await told.tell("paid", minute=9),
        await told.tell("canceled", money=Money(9_411, Currency("usd"))),
        await told.tell("canceled", money=Money(9_410, Currency("eur"))),
    ]
    for result in results:
        assert isinstance(result, Hold)
        assert "evt_1 of payout po_1" in result.reason
    assert await told.history() == ["payout.created", "payout.canceled"]


@pytest.mark.parametrize(
    "times",
    [
        {"expected_at": datetime(9999, 12, 30, tzinfo=UTC)},
        {"created_at": datetime(2090, 1, 1, tzinfo=UTC)},
        {"created_at": datetime(1970, 1, 1, tzinfo=UTC)},
    ],
)
async def test_payout_report_of_a_time_that_cannot_be_is_held(times: dict[str, Any]) -> None:
    told = Told()
    held = await told.tell("in_transit", **times)
    assert isinstance(held, Hold)
    assert await told.history() == []


@pytest.mark.parametrize("psp_reference", [REFERENCE, None])
async def test_unreadable_payout_report_is_held_with_its_reason(psp_reference: PspReference | None) -> None:
    told = Told()
    held = await told.notify(
        PayoutNotice(psp_reference=psp_reference, livemode=None, unreadable="it is strange")
    )
    assert isinstance(held, Hold)
    assert "it is strange" in held.reason
    assert await told.payout() is None


async def test_payout_of_an_unconfigured_account_is_held() -> None:
    told = Told()
    held = await told.tell(account=PspAccount("other"))
    assert held == Hold("no account stripe/other is configured; add it, then requeue")


async def test_payout_of_the_other_mode_is_held() -> None:
    told = Told()
    assert await told.tell() == Done()
    payout = await told.payout()
    assert payout is not None
    notice = PayoutNotice(
        psp_reference=REFERENCE,
        livemode=True,
        content=PayoutReport(
            psp_reference=REFERENCE,
            money=payout.money,
            status="failed",
            created_at=NOON,
            occurred_at=NOON + timedelta(hours=1),
        ),
    )
    held = await told.notify(notice)
    assert isinstance(held, Hold)
    assert "another mode" in held.reason
    assert await told.history() == ["payout.created", "payout.paid"]
