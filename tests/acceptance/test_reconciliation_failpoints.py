"""kill -9 of reconciliation before and after each of its steps: each day of settlement ends as one on which no process died.

Each place has a day of its own, with a payment, the PSP's file and the bank's statement. The command that comes to the place is
killed there; then two are started at once, and the day must have everything once.
"""

import asyncio
import io
import itertools
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from harness.installation import Finished

from fincore.domain.events import ChargeFailed, ChargeRerouted, RefundRequested
from fincore.domain.ids import (
    SettlementFileId,
    StreamId,
    new_refund_id,
    payout_stream_of,
    settlement_file_stream_of,
)
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payment_method import PayPalWallet
from fincore.domain.payout import PayoutAccount
from fincore.observability.failpoints import RUN_FAILPOINTS
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.evidence.folder import FolderEvidence
from fincore.reconciliation.fetching.remote import RemoteFile
from fincore.reconciliation.files import SettlementFiles
from fincore.reconciliation.source import SettlementSource
from fincore.reconciliation.sources import Sources
from fixtures.commits import created, new_stream
from fixtures.money_events import attempt_captured, attempt_reversed, captured, refund_failed, refunded
from fixtures.settlement_account import Settlement, settlement
from fixtures.settlement_files import ACCOUNT, StlRow, joined, stl_lines
from fixtures.system import System
from fixtures.traffic import store_pool

SAMPLE: Final = ("commit.settlement_file.accepted.after", "commit.settlement_file.matched.before")
"""The places of the shorter test: one store has what the other lacks."""
RUN: Final = ("reconcile", "run")
SOURCE: Final = SettlementSource(
    name="walk",
    psp=PspName("paypal"),
    psp_account=PspAccount("eu"),
    livemode=False,
    account_id=ACCOUNT,
    names="*.CSV",
    format="paypal_stl",
    cron="0 0 1 1 *",
    late_after=None,
)
BALANCE_MINOR: Final = 5_000
"""What PayPal holds before and after each day: each withdraws what it brought."""


class Day(NamedTuple):
    """A day of settlement: its payment, its file, and the bank's statement of its withdrawal."""

    payout: StreamId
    charges: list[StreamId]
    file_id: SettlementFileId
    statement: Path


class Shape(NamedTuple):
    """What must be there of a day, once and not less."""

    status: str
    lines: int
    matches: list[tuple[str, str]]
    totals: list[tuple[str, int, int, int]]
    told: list[list[str]]
    """The events of the file, and of the payout."""
    arrived: int
    learned: list[str]
    """The events of charges that the file told."""
    adjusted: list[str]
    """The events of what a person adjusted."""


@pytest.fixture(scope="module")
def installed() -> Iterator[System]:
    """An installation of which only the ledger runs."""
    limits = {"FINCORE_ADJUSTMENT_LIMITS_MINOR": "usd:10000:1000000"}
    system = System(settings={"FINCORE_FAILPOINTS": "allowed", **limits})
    try:
        system.start_stores()
        system.start("ledger")
        yield system
    finally:
        system.stop()


@pytest.fixture
def system(installed: System) -> System:
    """The same, under the name that shows its logs when a test fails."""
    return installed


@pytest.fixture
async def account(system: System) -> AsyncIterator[Settlement]:
    pool = await create_pool(system.dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(system.dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one._replace(psp=SOURCE.psp, psp_account=SOURCE.psp_account)
    finally:
        pool.terminate()


@pytest.mark.timeout(300)
async def test_killed_run_is_continued_by_two_at_once(system: System, account: Settlement) -> None:
    await walk(system, account, SAMPLE)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_run_killed_at_each_failpoint_does_all_once(system: System, account: Settlement) -> None:
    await walk(system, account, RUN_FAILPOINTS)


async def walk(system: System, account: Settlement, places: Sequence[str]) -> None:
    """An undisturbed day, and then a day for each place."""
    # The first file of an account has its opening balance, too.
    numbers = itertools.count(next(_FIRST_DAYS))
    first, undisturbed = [await happened(system, account, next(numbers)) for _ in range(2)]
    for day in (first, undisturbed):
        await one_day(system, day, None)
    days = []
    for place in places:
        day = await happened(system, account, next(numbers))
        await one_day(system, day, place)
        days.append(day)
    expected = await shape(account.ledgerdb, account.dsn_pool, undisturbed)
    assert (expected.status, expected.lines, len(expected.matches), expected.arrived) == ("booked", 7, 11, 1)
    assert expected.learned == [
        "charge.attempt_fee_assessed",
        "charge.attempt_fee_returned",
        "charge.fee_returned",
        "charge.fee_taken_again",
    ]
    assert expected.adjusted == ["adjustment.booked"]
    shapes = [await shape(account.ledgerdb, account.dsn_pool, day) for day in days]
    assert shapes == [expected] * len(days)
    # A run waits until the ledger has booked what the last one matched.
    await repeated(system, *RUN, at_once=1)
    await assert_all_agree(system, account.ledgerdb)
    print(f"died at {len(places)} places")  # noqa: T201 -- with -s


_FIRST_DAYS: Final = itertools.count(0, 100)
"""The first days of the tests, which share one installation."""


async def one_day(system: System, day: Day, place: str | None) -> None:
    """Run, import a statement, adjust a break, and run again; what comes to the place is killed, and started again twice at once."""
    statement = (
        "reconcile",
        "bank",
        "import",
        str(day.statement),
        "--bank=eu",
        "--format=bank_csv",
        "--rows=1",
        "--new",
    )
    where = place.rpartition(".")[0] if place else None
    doomed = DOOMED.get(where or "", 0)
    for turn, given in enumerate((RUN, statement, None, RUN)):
        command = adjustment(system, day) if given is None else given
        if place is not None and turn == doomed:
            died = await asyncio.to_thread(system.fincore_dying_at, place, *command)
            assert died.code == -signal.SIGKILL, (place, died)
        await repeated(system, *command, at_once=2 if place is not None and turn == doomed else 1)


DOOMED: Final = {
    "bank_statement": 1,
    "settlement_adjustment": 2,
    "commit.adjustment.booked": 2,
    "commit.payout.paid": 3,
}
"""Which of the commands of a day comes to a place; the others are come to by the first."""


def adjustment(system: System, day: Day) -> tuple[str, ...]:
    """The command that books what the day's file has, and nothing explains."""
    ((break_id,),) = system.rows(
        "select break_id from reconciliation.breaks where class = 'unexpected_movement' and file_id = %s",
        day.file_id,
    )
    return (
        "reconcile",
        "adjust",
        str(break_id),
        "--amount-minor=7",
        "--reason=a correction of PayPal",
        "--by=ann",
    )


async def repeated(system: System, *command: str, at_once: int) -> None:
    """The command, until it is done by one of several processes: the session of what died may still have the turn."""
    results: list[Finished] = []
    for _ in range(20):
        results = await asyncio.gather(*(asyncio.to_thread(system.fincore, *command) for _ in range(at_once)))
        assert all(one.code == 0 or "another process runs" in one.stdout for one in results), results
        if any(one.code == 0 for one in results):
            return
    raise AssertionError(results)


async def happened(system: System, account: Settlement, number: int) -> Day:
    """What happens on a day is in the log, its file kept, and the bank's statement written.

    A payment; a part of it that goes back, and comes again, of which the file alone tells the fees; what an abandoned attempt took and
    gave back, alike; and a movement that nothing explains.
    """
    at = datetime(2026, 7, 1, 12, tzinfo=UTC) + timedelta(days=number)
    reference = f"5AB{number:014}"
    of_account = {"psp": account.psp, "psp_account": account.psp_account}
    back, taken = (PspReference(f"{name}{number:014}") for name in ("5RE", "5AT"))
    given_back = refunded(
        refund_id=new_refund_id(), psp_reference=back, amount_minor=100, occurred_at=at, **of_account
    )
    of_refund = RefundRequested(
        refund_id=given_back.refund_id,
        merchant_id=given_back.merchant_id,
        livemode=False,
        amount_minor=100,
        currency=given_back.currency,
        requested_at=at,
    )
    charges = [new_stream(), new_stream()]
    await account.happen(
        charges[0],
        created(10_000, created_at=at, **of_account),
        captured(psp_reference=reference, platform_fee_minor=0, occurred_at=at, **of_account),
        of_refund,
        given_back,
        refund_failed(
            refund_id=given_back.refund_id, psp_reference=back, amount_minor=100, occurred_at=at, **of_account
        ),
    )
    no_fee: dict[str, object] = {"fee_minor": 0, "fee_currency": None}
    of_attempt = {"amount_minor": 5_000, "occurred_at": at, **of_account, **no_fee}
    await account.happen(
        charges[1],
        created(5_000, created_at=at, **of_account),
        ChargeRerouted(
            abandoned_attempt=1,
            abandoned_psp=account.psp,
            abandoned_psp_account=account.psp_account,
            psp=PspName("stripe"),
            psp_account=PspAccount("test"),
            payment_method=PayPalWallet(),
            code="never_happened",
            reason="its record did not show it",
            requested_at=at,
        ),
        ChargeFailed(code="card_declined", message="declined", advice="ask_customer", occurred_at=at),
        attempt_captured(psp_reference=taken, requested_at=at, **of_attempt),
        attempt_reversed(psp_reference=taken, **of_attempt),
    )
    withdrawal, withdrawn = PspReference(f"WD{number:014}"), f"EUBANK{number:06}"
    text = joined(
        stl_lines(
            [
                StlRow(reference, fee_direction="DR", fee="320"),
                StlRow(back, code="T1107", direction="DR", amount="100", fee_direction="CR", fee="3"),
                StlRow(taken, amount="5000", fee_direction="DR", fee="160"),
                StlRow(
                    f"5CB{number:014}", code="T1100", amount="100", fee_direction="DR", fee="3", **about(back)
                ),
                StlRow(
                    f"5AR{number:014}",
                    code="T1107",
                    direction="DR",
                    amount="5000",
                    fee_direction="CR",
                    fee="40",
                    **about(taken),
                ),
                StlRow(f"5AD{number:014}", code="T1900", amount="7"),
                StlRow(withdrawal, code="T0400", direction="DR", amount="9567", bank=withdrawn),
            ]
        )
    ).decode()
    content = text.replace("2026/11/20", f"{at:%Y/%m/%d}").encode()
    await Sources(account.ledgerdb).declare([SOURCE])
    name = f"STL-{at:%Y%m%d}.CSV"
    kept = await FolderEvidence(system.folder / "data" / "settlement").keep(
        account.psp, account.psp_account, name, io.BytesIO(content)
    )
    recorded = await SettlementFiles(account.ledgerdb).record(
        SOURCE, RemoteFile(name, len(content), datetime.now(UTC)), kept, host_key=None
    )
    assert recorded is not None
    statement = system.folder / f"bank-{number}.csv"
    statement.write_text(f"date,amount,currency,reference,account\n{at:%Y-%m-%d},95.67,USD,{withdrawn},DE1\n")
    payout = PayoutAccount(psp=account.psp, psp_account=account.psp_account, livemode=False).payout_id(
        withdrawal
    )
    return Day(payout_stream_of(payout), charges, recorded[0], statement)


def about(reference: PspReference) -> dict[str, str]:
    """What a row has in its columns about another transaction."""
    return {"reference": reference, "reference_type": "TXN"}


async def shape(ledgerdb: Pool, log: Pool, day: Day) -> Shape:
    """What is there of a day."""
    file = await ledgerdb.fetchrow(
        "select status, (select count(*) from reconciliation.lines l where l.file_id = f.file_id) as lines"
        " from reconciliation.files f where file_id = $1",
        day.file_id,
    )
    assert file is not None
    matches = await ledgerdb.fetch(
        "select part, rule from reconciliation.matches m join reconciliation.lines l using (line_no)"
        " where l.file_id = $1 order by part",
        day.file_id,
    )
    totals = await ledgerdb.fetch(
        "select kind, lines, gross_minor, fee_minor from reconciliation.matched_totals where file_id = $1 order by kind",
        day.file_id,
    )
    told = [
        [
            row["type"]
            for row in await log.fetch(
                "select type from eventstore.events where stream_id = $1 order by version", stream_id
            )
        ]
        for stream_id in (settlement_file_stream_of(day.file_id), day.payout)
    ]
    arrived = await ledgerdb.fetchval(
        "select count(*) from reconciliation.bank_matches m join reconciliation.bank_line_payouts p using (bank_line_no)"
        " where p.stream_id = $1",
        day.payout,
    )
    return Shape(
        file["status"],
        file["lines"],
        [tuple(row) for row in matches],
        [tuple(row) for row in totals],
        told,
        arrived,
        [
            row["type"]
            for row in await log.fetch(
                "select type from eventstore.events where stream_id = any ($1) and type ~ 'fee_(returned|assessed|taken)' order by type",
                day.charges,
            )
        ],
        [
            row["type"]
            for row in await log.fetch(
                "select type from eventstore.events where data -> 'lines' -> 0 ->> 'file_id' = $1 order by type",
                day.file_id,
            )
        ],
    )


async def assert_all_agree(system: System, ledgerdb: Pool) -> None:
    """Nothing is open, every invariant holds, each run has finished, and each report is the one that was hashed."""
    assert await ledgerdb.fetch("select class from reconciliation.breaks where closed_at is null") == []
    assert await ledgerdb.fetch("select from reconciliation.open_lines") == []
    assert await ledgerdb.fetch("select from reconciliation.open_items") == []
    holds = {
        row["name"]: row["balance_minor"]
        for row in await ledgerdb.fetch(
            "select name, balance_minor from ledgerdb.accounts where name like 'psp:paypal:eu:%' and balance_minor <> 0"
        )
        if "fee" not in row["name"]
    }
    assert holds == {
        "psp:paypal:eu:balance:usd": BALANCE_MINOR,
        "psp:paypal:eu:unmatched:usd": BALANCE_MINOR,
    }
    unfinished = await ledgerdb.fetch(
        "select run_id from reconciliation.runs r where finished_at is null"
        " or not exists (select from reconciliation.reports p where p.run_no = r.run_no)"
    )
    assert unfinished == []
    checked = await asyncio.to_thread(system.fincore, "check")
    assert checked.code == 0, checked.stdout
    for row in await ledgerdb.fetch("select run_id from reconciliation.runs order by run_no desc limit 3"):
        report = await asyncio.to_thread(system.fincore, "reconcile", "report", row["run_id"])
        assert report.code == 0, report
