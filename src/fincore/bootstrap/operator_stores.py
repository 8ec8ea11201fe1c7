"""What an operator's command stands on: the stores, a clock, a running writer, and the consumers that can catch up."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fincore.backoffice.operator_recorder import Resolver
from fincore.backoffice.parked_charges import Follower
from fincore.bootstrap.databases import STORES, Databases, Stores, open_stores
from fincore.bootstrap.processes import running_writer
from fincore.bootstrap.psp_limits import LIMITS
from fincore.bootstrap.schemas import require_migrated
from fincore.domain.adjustment_events import ADJUSTMENT_EVENTS, AdjustmentEvent
from fincore.domain.checkout_session_events import CHECKOUT_SESSION_EVENTS, CheckoutSessionEvent
from fincore.domain.clock import Clock
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.settlement_events import PAYOUT_EVENTS, PayoutEvent
from fincore.domain.stream_names import stream_name
from fincore.eventstore.log import EventLog
from fincore.eventstore.restored import require_continuing_log
from fincore.eventstore.stream_positions import StreamPositions
from fincore.eventstore.writer import Writer
from fincore.notify.fan_out import FanOut
from fincore.postgres.database_clock import DatabaseClock, measured_clock
from fincore.postgres.pool import Pool, create_pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.projectionist.projectionist import Projectionist
from fincore.write.merchants.fee_plans import FeePlans
from fincore.write.merchants.merchants import Merchants
from fincore.write.merchants.origins import Origins
from fincore.write.merchants.raw_card_decisions import RawCardDecisions
from fincore.write.pages.csp_reports import CspReports
from fincore.write.pages.verifications import Verifications
from fincore.write.risk.lists import RiskLists
from fincore.write.risk.outcome_counter import OutcomeCounter
from fincore.write.risk.rule_versions import RiskRuleVersions
from fincore.write.routing.breaker import BreakerPolicy
from fincore.write.routing.breaker_store import BreakerStore
from fincore.write.routing.rule_store import RuleStore


class OperatorStores(Stores, frozen=True, kw_only=True):
    """The stores, with a clock that was read once from the first one needed, and a running writer."""

    clock: DatabaseClock
    writer: Writer[LogEvent]

    @property
    def log(self) -> EventLog[ChargeEvent]:
        """The log as readers of charges see it."""
        return EventLog(self.eventstore, CHARGE_EVENTS)

    @property
    def session_log(self) -> EventLog[CheckoutSessionEvent]:
        """The log as readers of checkout sessions see it."""
        return EventLog(self.eventstore, CHECKOUT_SESSION_EVENTS)

    @property
    def adjustment_log(self) -> EventLog[AdjustmentEvent]:
        """The log as readers of adjustments see it."""
        return EventLog(self.eventstore, ADJUSTMENT_EVENTS)

    @property
    def payout_log(self) -> EventLog[PayoutEvent]:
        """The log as readers of payouts see it."""
        return EventLog(self.eventstore, PAYOUT_EVENTS)

    @property
    def whole_log(self) -> EventLog[LogEvent]:
        """The log with the events of all aggregates, as consumers follow it."""
        return EventLog(self.eventstore, LOG_EVENTS, name_of=stream_name)

    @property
    def merchants(self) -> Merchants:
        """Merchants and their keys."""
        return Merchants(self.eventstore, self.clock)

    @property
    def origins(self) -> Origins:
        """From which pages merchants' customers may ask."""
        return Origins(self.eventstore, self.clock)

    @property
    def raw_cards(self) -> RawCardDecisions:
        """Which merchants may send card numbers."""
        return RawCardDecisions(self.eventstore, self.clock)

    @property
    def fee_plans(self) -> FeePlans:
        """What merchants are charged."""
        return FeePlans(self.eventstore, self.clock)

    @property
    def breakers(self) -> BreakerStore:
        """The breakers of accounts, as all processes together see them."""
        return BreakerStore(self.eventstore, BreakerPolicy())

    @property
    def csp_reports(self) -> CspReports:
        """What browsers report of FinCore's pages."""
        return CspReports(self.eventstore)

    @property
    def page_verifications(self) -> Verifications:
        """When the pages were last compared with the inventory."""
        return Verifications(self.eventstore)

    @property
    def routing_rules(self) -> RuleStore:
        """The versions of the routing rules."""
        return RuleStore(self.eventstore)

    @property
    def risk_rules(self) -> RiskRuleVersions:
        """The versions of the risk rules."""
        return RiskRuleVersions(self.eventstore)

    @property
    def risk_lists(self) -> RiskLists:
        """The lists that risk rules ask for."""
        return RiskLists(self.eventstore)

    @property
    def resolver(self) -> Resolver:
        """Records what a person decides on charges."""
        return Resolver(self.log, self.writer, self.jobs, self.clock, LIMITS)

    @property
    def followers(self) -> tuple[Follower, ...]:
        """Every consumer, and the store that it writes to."""
        return followers_of(self, self.clock)


def followers_of(stores: Stores, clock: Clock) -> tuple[Follower, ...]:
    """Every consumer, and the store that it writes to."""
    return (
        Follower(Projectionist(), stores.paymentdb, StreamPositions(Projectionist.name)),
        Follower(LedgerService(), stores.ledgerdb),
        Follower(FanOut(clock), stores.notify, StreamPositions(FanOut.name)),
        Follower(OutcomeCounter(), stores.risk),
    )


@asynccontextmanager
async def operator_stores(databases: Databases, *needed: str) -> AsyncIterator[OperatorStores]:
    """The stores for one operator's task. Those that are not among the needed may be away; all are needed unless said.

    Raises `ConfigurationError` where a store lacks its schema, and `LogFromTheFuture`.
    """
    wanted = needed or STORES
    await require_migrated(databases, wanted)
    first = next(store for store in STORES if store in wanted)
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(
            open_stores(databases, application_name="fincore-cli", needed=wanted, size_max=2)
        )
        if "eventstore" in wanted:
            await require_continuing_log(stores.eventstore)
        clock = await measured_clock(getattr(stores, first), store=first)
        writer = await stack.enter_async_context(running_writer(stores.eventstore, stores.jobs.insertion))
        pools = {name: getattr(stores, name) for name in Stores.__struct_fields__}
        yield OperatorStores(clock=clock, writer=writer, **pools)


@asynccontextmanager
async def owner_pool(dsn: str) -> AsyncIterator[Pool]:
    """A pool with the rights of the owner of a store's tables, as a rebuild needs them."""
    pool = await create_pool(dsn, application_name="fincore-rebuild", size_max=2)
    try:
        yield pool
    finally:
        pool.terminate()
