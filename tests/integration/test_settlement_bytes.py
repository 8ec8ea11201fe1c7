"""From the bytes of a PSP's report to the breaks: random ledgers, told truly, told falsely, and in damaged files."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any, Final, NamedTuple
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fincore.audit.invariants.clearing_is_explained import CLEARING_IS_EXPLAINED
from fincore.audit.invariants.differences_have_breaks import DIFFERENCES_HAVE_BREAKS
from fincore.audit.invariants.money_events_have_entries import MONEY_EVENTS_HAVE_ENTRIES
from fincore.audit.invariants.settlement_events_have_lines import SETTLEMENT_EVENTS_HAVE_LINES
from fincore.bootstrap.reconciler import OF_PSPS
from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspName, PspReference
from fincore.domain.payout import PayoutAccount, PayoutReport
from fincore.domain.settlement_events import BankAccount
from fincore.postgres.pool import create_pool
from fincore.reconciliation.fetching.stripe_reports import refusal_of
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import FileFormat
from fixtures.commits import PROVENANCE
from fixtures.sampling import sampled
from fixtures.settlement_account import DAY, FoundBreak, Settlement, line, settlement
from fixtures.settlement_clock import set_clock
from fixtures.settlement_converted import FALSE_SIDES, Converted, Side, conversions, sides_of
from fixtures.settlement_damaged import Damaged, damaged_paypal, damaged_stripe
from fixtures.settlement_falsified import (
    FALSIFICATIONS,
    Falsified,
    Lived,
    Payment,
    days,
    double,
    live,
    true_days,
)
from fixtures.settlement_oracle import PlacedBreak, breaks_by_hand, payout_breaks_by_hand
from fixtures.settlement_raw import paypal_rows, stripe_rows
from fixtures.settlement_written import named_by_paypal, paypal_report, stripe_itemized, stripe_summary
from fixtures.traffic import store_pool

EXAMPLES: Final = sampled(12, one_of=6)
LATER: Final = DAY + timedelta(days=10)
BREAKS: Final = """
    select b.class, b.amount_minor, b.currency, b.stream_id, l.number
    from reconciliation.breaks b left join reconciliation.lines l using (line_no)
    where b.psp_account = '{}' and b.status = 'open'
"""
ITEMS: Final = """
    select i.*, a.currency from ledgerdb.clearing_items i join ledgerdb.accounts a using (account_id)
    where split_part(a.name, ':', 3) = '{}' order by i.entry_id
"""


class Psp(NamedTuple):
    """How a PSP tells of a day: its lines, in its names; the bytes of its report; and what stands in them, read by another reader."""

    name: PspName
    file_format: FileFormat
    payments: Callable[[Payment], Payment]
    lines: Callable[[Sequence[Lived], "Alone"], list[SettlementLine]]
    sides: Callable[[Sequence[SettlementLine], "Alone"], list[Side]]
    content: Callable[[Sequence[SettlementLine], int, Mapping[str, int]], bytes]
    rows: Callable[[bytes], list[dict[str, Any]]]
    damaged: Callable[[bytes, int], list[Damaged]]
    runs_on: date
    """All lines of the day are past then, and no payout is overdue."""


class Alone(NamedTuple):
    """What moves beside payments: fees of the account, withdrawals, and conversions where the PSP tells them by rows."""

    fees_minor: tuple[int, ...]
    withdrawn_minor: tuple[int, ...]
    converted: Converted


alone = st.builds(
    Alone,
    fees_minor=st.lists(st.integers(1, 999), max_size=2).map(tuple),
    withdrawn_minor=st.lists(st.integers(1, 10**6), max_size=1).map(tuple),
    converted=conversions,
)


def paypal_lines(lived: Sequence[Lived], drawn: Alone) -> list[SettlementLine]:
    lines = named_by_paypal(told for one in lived for told in one.lines)
    lines += [line("account_fee", -minor) for minor in drawn.fees_minor]
    return lines + [line("payout", -minor, bank_reference="BANK1") for minor in drawn.withdrawn_minor]


def stripe_lines(lived: Sequence[Lived], drawn: Alone) -> list[SettlementLine]:
    """Its payouts carry fees of ten days later, so that the payouts which the lines are of are known to be past."""
    lines = [told for one in lived for told in one.lines]
    lines += [line("account_fee", -minor) for minor in drawn.fees_minor]
    currencies = ("usd", "eur", "jpy", "gbp")
    return lines + [line("account_fee", -1, currency=Currency(one), occurred_at=LATER) for one in currencies]


PAYPAL: Final = Psp(
    PspName("paypal"),
    "paypal_stl",
    lambda one: one._replace(rate_percent=0),
    paypal_lines,
    lambda lines, drawn: sides_of(lines, drawn.converted),
    lambda lines, day, begins: paypal_report(lines, day=day, beginning_minor=begins),
    paypal_rows,
    damaged_paypal,
    date(2026, 11, 4),
)
STRIPE: Final = Psp(
    PspName("stripe"),
    "stripe_payout_itemized",
    lambda one: one._replace(by_parent=False, dispute="" if one.dispute == "held" else one.dispute),
    stripe_lines,
    lambda *_: [],
    lambda lines, *_: stripe_itemized(lines),
    stripe_rows,
    damaged_stripe,
    date(2026, 11, 8),
)


@pytest.fixture(params=[PAYPAL, STRIPE], ids=["paypal", "stripe"])
def psp(request: pytest.FixtureRequest, dsn: str) -> Psp:
    """One of the two, and a clock of the server that runs then find."""
    found: Psp = request.param
    asyncio.run(set_clock(dsn, found.runs_on))
    return found


class Book(NamedTuple):
    """An account at a PSP, and what happened there."""

    account: Settlement
    psp: Psp

    async def happen(self, day: Sequence[Payment]) -> list[Lived]:
        lived = [live(self.psp.payments(one), self.account.psp, self.account.psp_account) for one in day]
        for one in lived:
            await self.account.happen(one.stream_id, *one.events)
        return lived

    async def paid_out(
        self, lines: Sequence[SettlementLine]
    ) -> tuple[list[SettlementLine], dict[str, tuple[str, int]]]:
        """The lines with the payout that carries them, one in each currency that comes to something; and what each was."""
        sums: Counter[Currency] = Counter()
        for one in lines:
            sums[one.currency] += one.net_minor
        if self.psp is not STRIPE:
            return list(lines), {}
        references = {currency: f"po_{uuid4().hex}" for currency, minor in sums.items() if minor > 0}
        for currency, reference in references.items():
            await self.account.payouts.record(
                PayoutAccount(psp=self.account.psp, psp_account=self.account.psp_account, livemode=False),
                PayoutReport(
                    psp_reference=PspReference(reference),
                    money=Money(sums[currency], currency),
                    status="in_transit",
                    created_at=LATER,
                    occurred_at=LATER,
                ),
                PROVENANCE,
                bank_account=BankAccount("main"),
            )
        told = [msgspec.structs.replace(one, payout_reference=references.get(one.currency)) for one in lines]
        return told, {
            reference: (str(currency), sums[currency]) for currency, reference in references.items()
        }

    async def told(
        self, lines: Sequence[SettlementLine], *, day: int = 0, begins: Mapping[str, int] | None = None
    ) -> list[dict[str, Any]]:
        """Have the report of these lines kept, and run; the rows of it, by the other reader."""
        content = self.psp.content(lines, day, begins or {})
        rows = self.psp.rows(content)
        await self.kept(content, day=day)
        return rows

    async def kept(self, content: bytes, *, day: int = 0) -> None:
        await self.account.kept(content, name=f"{day:03}.CSV", file_format=self.psp.file_format)
        assert await self.account.reconciliation.run() is not None, "another run has the turn"

    async def breaks(self) -> Counter[PlacedBreak]:
        rows = await self.account.rows(BREAKS.format(self.account.psp_account))
        return Counter(PlacedBreak(FoundBreak(*row[:3]), row["stream_id"], row["number"]) for row in rows)

    async def by_hand(self, rows: Sequence[dict[str, Any]]) -> Counter[PlacedBreak]:
        items = await self.account.rows(ITEMS.format(self.account.psp_account))
        return breaks_by_hand(rows, [dict(one) for one in items])

    async def explained(self) -> None:
        """Nothing is open: clearing and what is unmatched are zero, and the invariants hold."""
        await self.account.book()
        stores = SimpleNamespace(eventstore=self.account.dsn_pool, ledgerdb=self.account.ledgerdb)
        for invariant in (
            CLEARING_IS_EXPLAINED,
            SETTLEMENT_EVENTS_HAVE_LINES,
            DIFFERENCES_HAVE_BREAKS,
            MONEY_EVENTS_HAVE_ENTRIES,
        ):
            assert await invariant.check(stores) == []
        assert await self.account.breaks() == []
        names = {name.split()[0] for name in await self.account.balances()}
        assert names <= {"balance", "in_transit"}


@asynccontextmanager
async def opened(dsn: str, psp: Psp) -> AsyncIterator[Book]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as account:
            formats = {name: FORMATS[name] for name in OF_PSPS}
            book = Book(account._replace(psp=psp.name, formats=formats), psp)
            await book.account.source_of(psp.file_format)
            await book.account.declared(DAY)
            yield book
    finally:
        pool.terminate()


def net_by_currency(lines: Sequence[SettlementLine]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in lines:
        found[one.currency] += one.net_minor
    return found


@pytest.mark.sampled
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(day=true_days, drawn=alone, late=st.booleans())
def test_report_of_a_true_day_leaves_no_break(
    dsn: str,
    psp: Psp,
    day: list[Payment],
    drawn: Alone,
    late: bool,  # noqa: FBT001 -- a parameter
) -> None:
    """In one report, or what came back of refunds in a second one."""

    async def check() -> None:
        async with opened(dsn, psp) as book:
            lines = psp.lines(await book.happen(day), drawn)
            lines += [side.told for side in psp.sides(lines, drawn)]
            of_next_day = [told for told in lines if late and told.kind == "refund_failed"]
            first, _ = await book.paid_out([told for told in lines if told not in of_next_day])
            rows = await book.told(first)
            if of_next_day:
                assert await book.breaks() == await book.by_hand(rows)
                second, _ = await book.paid_out(of_next_day)
                await book.told(second, day=1, begins=net_by_currency(first))
            await book.explained()

    asyncio.run(check())


@pytest.mark.sampled
@settings(
    max_examples=2 * EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(day=days, drawn=alone, data=st.data())
def test_one_false_row_of_a_report_is_one_break_there(
    dsn: str, psp: Psp, day: list[Payment], drawn: Alone, data: st.DataObject
) -> None:
    """The footers bear it out. What no other row of the day proves is found by the balance with which the next day begins."""

    async def check() -> None:
        async with opened(dsn, psp) as book:
            lived = await book.happen(day)
            moved, paid = await book.paid_out(psp.lines(lived, drawn))
            sides = psp.sides(moved, drawn)
            lines = [*moved, *(side.told for side in sides)]
            false = data.draw(st.sampled_from(false_reports(moved, sides)))
            rows = await book.told(false.lines)
            found = await book.breaks()
            assert found == await book.by_hand(rows) + payout_breaks_by_hand(rows, paid)
            of_lines = Counter(
                one.found for one in found.elements() if one.found.break_class not in OF_PAYOUTS
            )
            assert of_lines == Counter(false.makes)
            charges = {one.charge for one in found if one.found.break_class not in OF_PAYOUTS}
            assert charges <= {charge_of_line(lived, lines[false.place])}
            if psp is PAYPAL:
                told, true = net_by_currency(false.lines), net_by_currency(lines)
                await book.told([], day=1, begins={currency: true[currency] for currency in told})
                balances = [
                    FoundBreak("balance", true[currency] - minor, currency)
                    for currency, minor in told.items()
                    if minor != true[currency]
                ]
                assert Counter(await book.account.breaks()) == Counter([*false.makes, *balances])
            else:
                assert_summary_tells(lines, false.lines)

    asyncio.run(check())


OF_PAYOUTS: Final = ("payout_total", "unexplained_remainder")


class FalseReport(NamedTuple):
    """The lines as a report has them with the one of a place told falsely, and the breaks that it makes."""

    place: int
    lines: Sequence[SettlementLine]
    makes: Sequence[FoundBreak]


def false_reports(moved: Sequence[SettlementLine], sides: Sequence[Side]) -> list[FalseReport]:
    """Each way to tell one line falsely. A false line of a kind that is booked alone is found only where it is told twice."""
    of_sides = [side.told for side in sides]
    found: list[FalseReport] = []
    for place, told in enumerate(moved):
        if told.kind in ("account_fee", "payout"):
            made: list[Falsified | None] = [double(moved, place)]
        else:
            made = [falsify(moved, place) for falsify in FALSIFICATIONS]
        found += [FalseReport(place, [*one.lines, *of_sides], one.makes) for one in made if one is not None]
    for place in range(len(sides)):
        for falsify_side in FALSE_SIDES:
            made_of_side = falsify_side(sides, place)
            found.append(FalseReport(len(moved) + place, [*moved, *made_of_side.lines], made_of_side.makes))
    return found


def charge_of_line(lived: Sequence[Lived], told: SettlementLine) -> object:
    """The stream of the charge that a line is about; None for what is about none."""
    return next(
        (
            one.stream_id
            for one in lived
            for own in (*one.lines, *named_by_paypal(one.lines))
            if own.psp_reference == told.psp_reference
        ),
        None,
    )


def assert_summary_tells(true: Sequence[SettlementLine], told: Sequence[SettlementLine]) -> None:
    """The summary of a payout agrees with the rows that it is of, and with no others, unless these differ in what customers paid alone."""
    by_payout = {one.payout_reference for one in true if one.payout_reference}
    for payout in by_payout:
        of_payout = [one for one in true if one.payout_reference == payout]
        as_told = [one for one in told if one.payout_reference == payout]
        summary = stripe_summary(of_payout)
        assert refusal_of(payout, BytesIO(stripe_itemized(of_payout)), BytesIO(summary)) is None
        refusal = refusal_of(payout, BytesIO(stripe_itemized(as_told)), BytesIO(summary))
        assert (refusal is None) == (stripe_summary(as_told) == summary)


@pytest.mark.sampled
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(day=days, drawn=alone, data=st.data())
def test_second_matcher_agrees_on_false_reports(
    dsn: str, psp: Psp, day: list[Payment], drawn: Alone, data: st.DataObject
) -> None:
    """It reads the bytes by itself, and shares no statement with the first."""

    async def check() -> None:
        async with opened(dsn, psp) as book:
            moved, paid = await book.paid_out(psp.lines(await book.happen(day), drawn))
            lines = [*moved, *(side.told for side in psp.sides(moved, drawn))]
            for _ in range(data.draw(st.integers(2, 4))):
                falsify = data.draw(st.sampled_from(FALSIFICATIONS))
                places = [place for place, one in enumerate(lines) if one.occurred_at != LATER]
                made = falsify(lines, data.draw(st.sampled_from(places))) if places else None
                lines = list(made.lines) if made else lines
            rows = await book.told(lines)
            assert await book.breaks() == await book.by_hand(rows) + payout_breaks_by_hand(rows, paid)

    asyncio.run(check())


@pytest.mark.sampled
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(day=days, drawn=alone, data=st.data())
def test_damaged_report_is_refused_at_its_line(
    dsn: str, psp: Psp, day: list[Payment], drawn: Alone, data: st.DataObject
) -> None:
    """Nothing of it is kept or booked, and what had to be in it is still on clearing."""

    async def check() -> None:
        async with opened(dsn, psp) as book:
            moved, _ = await book.paid_out(psp.lines(await book.happen(day), drawn))
            lines = [*moved, *(side.told for side in psp.sides(moved, drawn))]
            await book.account.book()
            before = await book.account.balances()
            place = data.draw(st.integers(0, len(lines) - 1)) if lines else 0
            damaged = data.draw(st.sampled_from(psp.damaged(psp.content(lines, 0, {}), place)))
            await book.kept(damaged.content)
            assert await book.account.breaks() == [FoundBreak("file_refused", None, None)]
            (file,) = await book.account.rows(
                "select f.status, f.refusal_line, (select count(*) from reconciliation.lines l where l.file_id = f.file_id) as lines"  # noqa: S608 -- the test's own name
                f" from reconciliation.files f where f.psp_account = '{book.account.psp_account}'"
            )
            assert tuple(file) == ("refused", damaged.line, 0)
            await book.account.book()
            assert await book.account.balances() == before

    asyncio.run(check())
