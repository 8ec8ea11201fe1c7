"""The services behind what staff do with charges, breaks and proposals, composed for one process."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from fincore.backoffice.adjustments import StaffAdjustments
from fincore.backoffice.dead_letters import Letters
from fincore.backoffice.operator_recorder import Resolver
from fincore.backoffice.proposals import Executor, InTransaction, ProposalDecisions
from fincore.backoffice.proposed_adjustments import AdjustmentExecutor
from fincore.backoffice.proposed_agreements import FeePlanExecutor, RawCardsExecutor
from fincore.backoffice.proposed_discards import DiscardExecutor
from fincore.backoffice.proposed_list_changes import ListChangeExecutor
from fincore.backoffice.proposed_people import StaffMemberExecutor, StaffRolesExecutor
from fincore.backoffice.proposed_settings import LiveKeyExecutor, RiskRulesExecutor, RoutingRulesExecutor
from fincore.backoffice.staff_decisions import StaffDecisions
from fincore.backoffice.staff_people import PeopleKeeper
from fincore.backoffice.staff_refunds import StaffRefunds
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.psp_limits import LIMITS
from fincore.domain.adjustment_events import ADJUSTMENT_EVENTS
from fincore.domain.checkout_session_events import CHECKOUT_SESSION_EVENTS
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.log_events import LogEvent
from fincore.domain.one_person_limits import OnePersonLimits
from fincore.domain.proposal import ProposalKind
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.staff.access.grants import read_role
from fincore.staff.charge_acts.body import render_staff_charge, render_staff_refund
from fincore.write.charges import CHARGES
from fincore.write.payments.idempotent_requests import IdempotentRequests
from fincore.write.payments.operation_service import OperationService, Renders
from fincore.write.payments.outcome_wait import OutcomeWait
from fincore.write.payments.response_cache import ResponseCache
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.staff.counted_refunds import CountedRefunds
from fincore.write.staff.passwords import Passwords
from fincore.write.staff.proposals import Proposals


class ActLimits(NamedTuple):
    """What one person may move alone."""

    refunds: OnePersonLimits = ()
    adjustments: OnePersonLimits = ()


class ActServices(NamedTuple):
    """The services behind the acts of staff; `decisions` carries proposals out."""

    operations: OperationService
    refunds: StaffRefunds
    charges: StaffDecisions
    adjustments: StaffAdjustments
    proposals: Proposals
    decisions: ProposalDecisions
    people: PeopleKeeper


def act_services(
    stores: Stores,
    limits: ActLimits,
    *,
    writer: Writer[LogEvent],
    watch: StreamWatch,
    log: EventLog[ChargeEvent],
    clock: Clock,
    accounts: Sequence[ConfiguredAccount] = (),
) -> ActServices:
    """The services of one process. `writer` and `watch` must be running while they are used; routing rules may name `accounts`."""
    operations = OperationService(
        requests=IdempotentRequests[LogEvent](writer=writer, clock=clock, responses=ResponseCache()),
        outcomes=OutcomeWait(CHARGES, log, watch),
        log=log,
        clock=clock,
        renders=Renders(capture=render_staff_charge, cancel=render_staff_charge, refund=render_staff_refund),
    )
    refunds = StaffRefunds(
        operations=operations,
        log=log,
        counted=CountedRefunds(stores.eventstore, limits.refunds),
        clock=clock,
    )
    adjustment_log = EventLog(stores.eventstore, ADJUSTMENT_EVENTS)
    proposals, people = Proposals(stores.eventstore), PeopleKeeper(stores.eventstore, Passwords(), read_role)
    waiting = partial(proposals.waiting_minor, of_refunds=False)
    adjustments = StaffAdjustments(
        stores.ledgerdb, adjustment_log, writer, limits.adjustments, waiting=waiting
    )
    trial = StaffAdjustments(
        stores.ledgerdb, adjustment_log, writer, limits.adjustments, waiting=waiting, is_trial=True
    )
    of_breaks = AdjustmentExecutor(adjustments, trial)
    executors: Mapping[ProposalKind, Executor | InTransaction] = {
        "refund": refunds,
        "adjustment": of_breaks,
        "write_off": of_breaks,
        "adjustment_reversal": of_breaks,
        "opening": of_breaks,
        "webhook_discard": InTransaction(
            DiscardExecutor(Letters(stores.jobs, log, EventLog(stores.eventstore, CHECKOUT_SESSION_EVENTS)))
        ),
        "live_key": InTransaction(LiveKeyExecutor(stores.eventstore, clock)),
        "risk_rules": InTransaction(RiskRulesExecutor(stores.eventstore, clock)),
        "routing_rules": InTransaction(RoutingRulesExecutor(stores.eventstore, accounts)),
        "fee_plan": InTransaction(FeePlanExecutor(stores.eventstore, clock)),
        "raw_cards": InTransaction(RawCardsExecutor(stores.eventstore, clock)),
        "risk_list_entries": InTransaction(ListChangeExecutor(stores.eventstore, clock)),
        "staff_member": InTransaction(StaffMemberExecutor(people)),
        "staff_roles": InTransaction(StaffRolesExecutor(people)),
    }
    return ActServices(
        operations=operations,
        refunds=refunds,
        charges=StaffDecisions(Resolver(log, writer, stores.jobs, clock, LIMITS), stores.eventstore),
        adjustments=adjustments,
        proposals=proposals,
        decisions=ProposalDecisions(proposals, executors),
        people=people,
    )
