"""Lists as a whole, for exports: read page by page in one snapshot, beside what the ledger has of each page."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import NamedTuple, cast

from fincore.domain.currency import Currency
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import DisputeId, RefundId, stream_of
from fincore.domain.outcome import DisputeStatus
from fincore.domain.refund import RefundStatus
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.account_statement import AccountPosting, AccountStatements, StatementBounds
from fincore.read.ledgerdb.export_sums import (
    ChargeSum,
    DisputeSum,
    RefundSum,
    charge_sums,
    dispute_sums,
    refund_sums,
)
from fincore.read.ledgerdb.ledger_moment import LedgerMoment
from fincore.read.ledgerdb.trial_balance import BalancedAccount, balanced_accounts
from fincore.read.page import PAGE_ROWS_MAX
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.dispute_view import DisputeView
from fincore.read.paymentdb.refund_view import RefundView
from fincore.read.paymentdb.staff_charge_queries import StaffChargeQueries
from fincore.read.paymentdb.staff_charge_walk import StaffChargeFilters
from fincore.read.paymentdb.staff_lists import Place, Scope
from fincore.read.paymentdb.staff_objects import Made, StaffObjects
from fincore.reconciliation.breaks.listing import BreakFilters, ListedBreak, list_breaks


class ChargesRead(NamedTuple):
    """Some charges, and what the ledger has of them."""

    charges: Sequence[ChargeView]
    ledger: Sequence[ChargeSum]


class RefundsRead(NamedTuple):
    """Some refunds, and what the ledger has of them."""

    refunds: Sequence[RefundView]
    ledger: Sequence[RefundSum]


class DisputesRead(NamedTuple):
    """Some disputes, and what the ledger has of them."""

    disputes: Sequence[DisputeView]
    ledger: Sequence[DisputeSum]


class TooManyTerms(FinCoreError):
    """A beginning stands for more terms than one look reaches, so an export by it would not be whole."""


class Exports:
    """Reads lists to their ends. A reader that takes no page for as long as a transaction may idle is cut off."""

    def __init__(self, paymentdb: Pool, ledgerdb: Pool) -> None:
        self._paymentdb = paymentdb
        self._ledgerdb = ledgerdb
        self._charges = StaffChargeQueries(paymentdb)

    async def is_too_wide(self, scope: Scope, filters: StaffChargeFilters) -> bool:
        """Whether a beginning of an address stands for more addresses than one look reaches."""
        return (await self._charges.list_charges(scope, filters, limit=1)).is_cut

    async def charges(self, scope: Scope, filters: StaffChargeFilters) -> AsyncGenerator[ChargesRead, None]:
        """The charges of a filter, newest first, as they are when it begins. Raise `TooManyTerms` where it would leave some out."""
        async with _snapshot(self._paymentdb) as snapshot:
            queries = StaffChargeQueries(snapshot)
            after: Place | None = None
            while True:
                page = await queries.list_charges(scope, filters, after=after, limit=PAGE_ROWS_MAX)
                if page.is_cut:
                    raise TooManyTerms("more terms begin so than one look reaches: send more of the address")
                streams = [stream_of(one.charge_id) for one in page.charges]
                yield ChargesRead(page.charges, await charge_sums(self._ledgerdb, streams) if streams else [])
                after = page.next_place
                if after is None:
                    return

    async def refunds(
        self, scope: Scope, statuses: Sequence[RefundStatus], created: Made
    ) -> AsyncGenerator[RefundsRead, None]:
        """The refunds of a filter, newest first, as they are when it begins."""
        async with _snapshot(self._paymentdb) as snapshot:
            objects = StaffObjects(snapshot)
            after: RefundId | None = None
            while True:
                page = await objects.list_refunds(
                    scope, limit=PAGE_ROWS_MAX, statuses=statuses, created=created, after_id=after
                )
                ids = [one.refund.refund_id for one in page.rows]
                yield RefundsRead(page.rows, await refund_sums(self._ledgerdb, ids) if ids else [])
                if not page.has_more:
                    return
                after = ids[-1]

    async def disputes(
        self, scope: Scope, statuses: Sequence[DisputeStatus], opened: Made
    ) -> AsyncGenerator[DisputesRead, None]:
        """The disputes of a filter, newest first, as they are when it begins."""
        async with _snapshot(self._paymentdb) as snapshot:
            objects = StaffObjects(snapshot)
            after: DisputeId | None = None
            while True:
                page = await objects.list_disputes(
                    scope, limit=PAGE_ROWS_MAX, statuses=statuses, opened=opened, after_id=after
                )
                known = [(stream_of(one.charge_id), one.dispute.psp_reference) for one in page.rows]
                yield DisputesRead(page.rows, await dispute_sums(self._ledgerdb, known) if known else [])
                if not page.has_more:
                    return
                after = page.rows[-1].dispute.dispute_id

    async def breaks(self, wanted: BreakFilters) -> AsyncGenerator[Sequence[ListedBreak], None]:
        """The breaks of a filter, those opened last first, as they are when it begins."""
        async with _snapshot(self._ledgerdb) as snapshot:
            after: int | None = None
            while True:
                page = await list_breaks(snapshot, wanted, after=after)
                yield page.breaks
                if not page.has_more:
                    return
                after = page.breaks[-1].break_id

    async def postings(self, bounds: StatementBounds) -> AsyncGenerator[Sequence[AccountPosting], None]:
        """The postings of a statement in the order of booking. They never change."""
        async for some in AccountStatements(self._ledgerdb).postings(bounds):
            yield some

    async def trial_balance(
        self, moment: LedgerMoment, *, livemode: bool, currency: Currency | None
    ) -> AsyncGenerator[Sequence[BalancedAccount], None]:
        """The accounts with their balances after an entry, by name. They never change."""
        after: str | None = None
        while True:
            page = await balanced_accounts(
                self._ledgerdb, moment, livemode=livemode, currency=currency, after_name=after
            )
            yield page.accounts
            if not page.has_more:
                return
            after = page.accounts[-1].name


@contextlib.asynccontextmanager
async def _snapshot(pool: Pool) -> AsyncIterator[Pool]:
    """A connection that sees no later commit, in place of its pool: queries ask both in the same way."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield cast("Pool", connection)
