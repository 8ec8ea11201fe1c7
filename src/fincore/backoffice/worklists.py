"""What waits for a person, and the payouts: lists for staff that more than one store is read for, or the log itself."""

from datetime import datetime
from typing import NamedTuple

from fincore.backoffice.unknown_outcomes import Listed, list_unknown
from fincore.domain.ids import ChargeId
from fincore.domain.payout import Payout
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.review_queries import list_waiting_reviews
from fincore.read.paymentdb.staff_lists import Scope
from fincore.write.psp.held_reports import WaitingReport, list_held_reports
from fincore.write.queue.port import DeadLetters
from fincore.write.settlement.listed_payouts import PayoutFilters, list_payouts

AfterRow = tuple[datetime, ChargeId, str]


class Worklists(NamedTuple):
    """The stores that are read: the log, the view, and the job queue with its dead letters."""

    eventstore: Pool
    paymentdb: Pool
    jobs: DeadLetters

    async def unknown_outcomes(self, scope: Scope, *, after: AfterRow | None, limit: int) -> list[Listed]:
        """Operations with an unknown outcome, oldest first, after a row by its time, charge, and refund or attempt."""
        return await list_unknown(self.paymentdb, self.jobs, limit=limit, scope=scope, after=after)

    async def reviews(self, scope: Scope, *, after_id: ChargeId | None, limit: int) -> list[ChargeView]:
        """Charges that wait for a decision, those that are decided soonest without a person first."""
        return await list_waiting_reviews(self.paymentdb, scope, after_id=after_id, limit=limit)

    async def held_reports(
        self, scope: Scope, *, charge_id: ChargeId | None, after: AfterRow | None, limit: int
    ) -> list[WaitingReport]:
        """Reports of PSPs that wait for a person, oldest first, after a row by its time, charge, and SHA-256 of the report's id."""
        return await list_held_reports(
            self.eventstore,
            charge_id=charge_id,
            livemode=scope.livemode,
            merchants=scope.merchants,
            after=after,
            limit=limit,
        )

    async def payouts(self, filters: PayoutFilters, *, limit: int) -> list[Payout]:
        """Payouts, those that became known last first."""
        return await list_payouts(self.eventstore, filters, limit=limit)
