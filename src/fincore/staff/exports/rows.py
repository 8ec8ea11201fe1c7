"""The rows of each export, with the tally of its last ones."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

from fincore.backoffice.exports import ChargesRead, DisputesRead, RefundsRead
from fincore.domain.csv_cell import Cell
from fincore.domain.dispute import Dispute
from fincore.domain.ids import charge_of
from fincore.domain.outcome import DisputeMovements
from fincore.domain.payment_method import CardInstrument
from fincore.read.ledgerdb.account_statement import AccountPosting, StatementBounds
from fincore.read.ledgerdb.trial_balance import BalancedAccount, CurrencyTotal
from fincore.reconciliation.breaks.listing import ListedBreak
from fincore.staff.csv_stream import Row
from fincore.staff.exports.tally import DIFFERENCE, END, LEDGER, TOTAL, Tally, Times

OPENING: Final = "opening"


def charge_columns(times: Times) -> list[str]:
    """The columns of charges."""
    return [
        "id",
        *("merchant", "status", "amount_minor", "currency", "captured_minor", "refunded_minor"),
        *(
            "psp",
            "psp_account",
            "psp_reference",
            "brand",
            "last4",
            "customer_email",
            "description",
            "disputed",
        ),
        *times.columns("created_at"),
        "rows",
    ]


async def charge_rows(
    pages: AsyncGenerator[ChargesRead, None], tally: Tally, times: Times
) -> AsyncGenerator[Row, None]:
    """Charges, and what the ledger has of them."""
    async with aclosing(pages):
        async for read in pages:
            for one in read.ledger:
                tally.compare(
                    one.currency, {"captured_minor": one.captured_minor, "refunded_minor": one.refunded_minor}
                )
            for view in read.charges:
                charge = view.charge
                card = charge.instrument if isinstance(charge.instrument, CardInstrument) else None
                amounts = {
                    "amount_minor": charge.amount.amount_minor,
                    "captured_minor": charge.captured_minor,
                    "refunded_minor": charge.refunded_minor,
                }
                tally.add(charge.amount.currency, amounts)
                yield [
                    view.charge_id,
                    charge.merchant_id,
                    charge.status,
                    charge.amount.amount_minor,
                    charge.amount.currency,
                    charge.captured_minor,
                    charge.refunded_minor,
                    charge.psp,
                    charge.psp_account,
                    charge.psp_reference,
                    None if card is None else card.brand,
                    None if card is None else card.last4,
                    charge.customer_email,
                    charge.description,
                    "true" if charge.disputes else "false",
                    *times.cells(charge.created_at),
                    None,
                ]


def refund_columns(times: Times) -> list[str]:
    """The columns of refunds."""
    return [
        *("id", "charge", "merchant", "status", "amount_minor", "succeeded_minor", "currency"),
        *("reason", "origin", "psp_reference", "failure_code"),
        *times.columns("created_at", "updated_at"),
        "rows",
    ]


async def refund_rows(
    pages: AsyncGenerator[RefundsRead, None], tally: Tally, times: Times
) -> AsyncGenerator[Row, None]:
    """Refunds, and what the ledger has of them."""
    async with aclosing(pages):
        async for read in pages:
            for one in read.ledger:
                tally.compare(one.currency, {"succeeded_minor": one.refunded_minor})
            for view in read.refunds:
                refund = view.refund
                succeeded_minor = refund.amount_minor if refund.status == "succeeded" else 0
                tally.add(
                    view.currency, {"amount_minor": refund.amount_minor, "succeeded_minor": succeeded_minor}
                )
                yield [
                    refund.refund_id,
                    view.charge_id,
                    view.merchant_id,
                    refund.status,
                    refund.amount_minor,
                    succeeded_minor,
                    view.currency,
                    refund.reason,
                    refund.origin,
                    refund.psp_reference,
                    refund.failure_code,
                    *times.cells(refund.requested_at, refund.updated_at),
                    None,
                ]


def dispute_columns(times: Times) -> list[str]:
    """The columns of disputes."""
    return [
        *(
            "id",
            "charge",
            "merchant",
            "status",
            "amount_minor",
            "currency",
            "withdrawn_minor",
            "held_minor",
            "moved_elsewhere",
            "reason",
            "category",
            "psp_reference",
        ),
        *times.columns("opened_at", "evidence_due_by", "updated_at"),
        "rows",
    ]


async def dispute_rows(
    pages: AsyncGenerator[DisputesRead, None], tally: Tally, times: Times
) -> AsyncGenerator[Row, None]:
    """Disputes, and what the ledger has of them: what a PSP moved in another currency counts in that one."""
    async with aclosing(pages):
        async for read in pages:
            for one in read.ledger:
                tally.compare(
                    one.currency, {"withdrawn_minor": one.withdrawn_minor, "held_minor": one.held_minor}
                )
            for view in read.disputes:
                dispute = view.dispute
                tally.add(dispute.currency, {"amount_minor": dispute.amount_minor})
                for moved in dispute.movements:
                    tally.add_amounts(moved.currency, _moved(moved))
                own = _moved(dispute.moved_in(dispute.currency))
                yield [
                    dispute.dispute_id,
                    view.charge_id,
                    view.merchant_id,
                    dispute.status,
                    dispute.amount_minor,
                    dispute.currency,
                    own["withdrawn_minor"],
                    own["held_minor"],
                    _elsewhere(dispute),
                    dispute.reason,
                    dispute.category,
                    dispute.psp_reference,
                    *times.cells(dispute.opened_at, dispute.evidence_due_by, dispute.updated_at),
                    None,
                ]


def _moved(moved: DisputeMovements) -> dict[str, int]:
    """What a PSP took and did not give back, and what it put aside and did not release."""
    return {
        "withdrawn_minor": moved.withdrawn_minor - moved.reinstated_minor,
        "held_minor": moved.held_minor - moved.released_minor,
    }


def _elsewhere(dispute: Dispute) -> str | None:
    """What it moved in other currencies: `eur withdrawn 1850 held 0`."""
    others = [
        f"{moved.currency} withdrawn {_moved(moved)['withdrawn_minor']} held {_moved(moved)['held_minor']}"
        for moved in dispute.movements
        if moved.currency != dispute.currency
    ]
    return ", ".join(others) or None


def break_columns(times: Times) -> list[str]:
    """The columns of breaks."""
    return [
        *(
            "id",
            "class",
            "status",
            "psp",
            "psp_account",
            "amount_minor",
            "currency",
            "owner",
            "charge",
            "reference",
        ),
        *("file_name", "line", "days"),
        *times.columns("opened_at", "closed_at"),
        "rows",
    ]


async def break_rows(
    pages: AsyncGenerator[Sequence[ListedBreak], None], tally: Tally, times: Times
) -> AsyncGenerator[Row, None]:
    """Breaks."""
    async with aclosing(pages):
        async for breaks in pages:
            for one in breaks:
                tally.add(one.currency, {"amount_minor": one.amount_minor or 0})
                yield [
                    str(one.break_id),
                    one.break_class,
                    one.status,
                    one.psp,
                    one.psp_account,
                    one.amount_minor,
                    one.currency,
                    one.owner,
                    None if one.stream_id is None else charge_of(one.stream_id),
                    one.reference,
                    one.file_name,
                    one.number,
                    one.days,
                    *times.cells(one.opened_at, one.closed_at),
                    None,
                ]


TRIAL_BALANCE_COLUMNS: Final = ("id", "type", "currency", "debit_minor", "credit_minor", "rows")


async def trial_balance_rows(
    pages: AsyncGenerator[Sequence[BalancedAccount], None], tally: Tally, ledger: Sequence[CurrencyTotal]
) -> AsyncGenerator[Row, None]:
    """Accounts with their balances, and what the ledger adds up by itself."""
    for total in ledger:
        tally.compare(total.currency, {"debit_minor": total.debit_minor, "credit_minor": total.credit_minor})
    async with aclosing(pages):
        async for accounts in pages:
            for one in accounts:
                tally.add(one.currency, {"debit_minor": one.debit_minor, "credit_minor": one.credit_minor})
                yield [one.name, one.type, one.currency, one.debit_minor, one.credit_minor, None]


class StatementRows:
    """The rows of a statement: the opening, each posting with the balance after it, and the close, which the ledger has, too."""

    def __init__(self, bounds: StatementBounds, times: Times) -> None:
        self._bounds = bounds
        self._times = times
        self._debit_minor = 0
        self._credit_minor = 0
        self._postings = 0

    @property
    def columns(self) -> list[str]:
        """The columns."""
        return [
            *("id", "entry", "subject", "kind", "purpose", "description"),
            *self._times.columns("booked_at", "effective_at"),
            *("debit_minor", "credit_minor", "balance_minor", "currency", "rows"),
        ]

    async def rows(self, pages: AsyncGenerator[Sequence[AccountPosting], None]) -> AsyncGenerator[Row, None]:
        """The opening and the postings."""
        yield self._row(OPENING, balance_minor=self._bounds.opening_minor)
        async with aclosing(pages):
            async for postings in pages:
                for one in postings:
                    self._postings += 1
                    debit_minor = one.amount_minor if one.side == "debit" else None
                    credit_minor = one.amount_minor if one.side == "credit" else None
                    self._debit_minor += debit_minor or 0
                    self._credit_minor += credit_minor or 0
                    yield [
                        f"{one.place.entry_id}-{one.place.leg}",
                        one.place.entry_id,
                        one.subject,
                        one.kind,
                        one.purpose,
                        one.description,
                        *self._times.cells(one.booked_at, one.effective_at),
                        debit_minor,
                        credit_minor,
                        one.balance_minor,
                        self._bounds.account.currency,
                        None,
                    ]

    def last(self) -> list[Row]:
        """The sums and the close that follow from the rows above, and the close of the ledger."""
        net_minor = self._debit_minor - self._credit_minor
        is_debit = self._bounds.account.normal_side == "debit"
        closing_minor = self._bounds.opening_minor + (net_minor if is_debit else -net_minor)
        sums = self._row(TOTAL, closing_minor, self._debit_minor, self._credit_minor, self._postings)
        ledger = self._row(LEDGER, balance_minor=self._bounds.closing_minor)
        difference = self._row(DIFFERENCE, balance_minor=closing_minor - self._bounds.closing_minor)
        return [sums, ledger, difference, self._row(END, rows=self._postings)]

    def _row(
        self,
        name: str,
        balance_minor: int | None = None,
        debit_minor: int | None = None,
        credit_minor: int | None = None,
        rows: int | None = None,
    ) -> Row:
        empty: list[Cell] = [None] * (len(self.columns) - 6)
        currency = None if name == END else self._bounds.account.currency
        return [name, *empty, debit_minor, credit_minor, balance_minor, currency, rows]
