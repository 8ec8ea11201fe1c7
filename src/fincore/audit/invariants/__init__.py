"""What must hold in the stores at every moment: one invariant a file, each with the check that names the rows that break it.

They read the stores with SQL of their own and ask the job queue through its port. They refuse to know the code that fills the
stores, so that no mistake of that code is repeated here; what they share with it is the domain: events and how they fold.
"""

from collections.abc import Sequence
from typing import Final

from fincore.audit.invariants.adjustments_are_told import ADJUSTMENTS_ARE_TOLD
from fincore.audit.invariants.agreed_proposals_end import AGREED_PROPOSALS_END
from fincore.audit.invariants.balances_equal_postings import BALANCES_EQUAL_POSTINGS
from fincore.audit.invariants.bank_accounts_are_explained import BANK_ACCOUNTS_ARE_EXPLAINED
from fincore.audit.invariants.breaks_follow_their_actions import BREAKS_FOLLOW_THEIR_ACTIONS
from fincore.audit.invariants.check_result import CHECK_SECONDS_MAX, CheckResult, result_of
from fincore.audit.invariants.clearing_is_explained import CLEARING_IS_EXPLAINED
from fincore.audit.invariants.clearing_items_equal_postings import CLEARING_ITEMS_EQUAL_POSTINGS
from fincore.audit.invariants.differences_have_breaks import DIFFERENCES_HAVE_BREAKS
from fincore.audit.invariants.disputes_presuppose_captures import DISPUTES_PRESUPPOSE_CAPTURES
from fincore.audit.invariants.ended_proposals_tell_what_was_made import ENDED_PROPOSALS_TELL_WHAT_WAS_MADE
from fincore.audit.invariants.entries_balance import ENTRIES_BALANCE
from fincore.audit.invariants.every_event_reaches_every_consumer import (
    EVERY_EVENT_REACHES_EVERY_CONSUMER,
)
from fincore.audit.invariants.in_transit_equals_open_payouts import IN_TRANSIT_EQUALS_OPEN_PAYOUTS
from fincore.audit.invariants.invariant import STATEMENT_TIMEOUT_SECONDS, Invariant, Stores
from fincore.audit.invariants.mistaken_money_goes_back import MISTAKEN_MONEY_GOES_BACK
from fincore.audit.invariants.money_events_have_entries import MONEY_EVENTS_HAVE_ENTRIES
from fincore.audit.invariants.no_card_numbers import NO_CARD_NUMBERS
from fincore.audit.invariants.nothing_waits_in_suspense import NOTHING_WAITS_IN_SUSPENSE
from fincore.audit.invariants.one_attempt_has_money import ONE_ATTEMPT_HAS_MONEY
from fincore.audit.invariants.one_reference_one_charge import ONE_REFERENCE_ONE_CHARGE
from fincore.audit.invariants.open_charges_have_work import OPEN_CHARGES_HAVE_WORK
from fincore.audit.invariants.refunded_within_captured import REFUNDED_WITHIN_CAPTURED
from fincore.audit.invariants.reviewed_charges_await_approval import REVIEWED_CHARGES_AWAIT_APPROVAL
from fincore.audit.invariants.same_key_same_charge import SAME_KEY_SAME_CHARGE
from fincore.audit.invariants.sessions_are_paid_once import SESSIONS_ARE_PAID_ONCE
from fincore.audit.invariants.settlement_events_have_lines import SETTLEMENT_EVENTS_HAVE_LINES
from fincore.audit.invariants.stream_positions_agree_with_the_log import STREAM_POSITIONS_AGREE_WITH_THE_LOG
from fincore.audit.invariants.stream_versions_are_dense import STREAM_VERSIONS_ARE_DENSE
from fincore.audit.invariants.succeeded_charges_took_money import SUCCEEDED_CHARGES_TOOK_MONEY
from fincore.audit.invariants.view_equals_fold import VIEW_EQUALS_FOLD
from fincore.audit.invariants.wanted_events_have_deliveries import WANTED_EVENTS_HAVE_DELIVERIES
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")

INVARIANTS: Final[Sequence[Invariant]] = (
    STREAM_VERSIONS_ARE_DENSE,
    EVERY_EVENT_REACHES_EVERY_CONSUMER,
    STREAM_POSITIONS_AGREE_WITH_THE_LOG,
    VIEW_EQUALS_FOLD,
    SAME_KEY_SAME_CHARGE,
    SUCCEEDED_CHARGES_TOOK_MONEY,
    ONE_ATTEMPT_HAS_MONEY,
    MISTAKEN_MONEY_GOES_BACK,
    SESSIONS_ARE_PAID_ONCE,
    REVIEWED_CHARGES_AWAIT_APPROVAL,
    REFUNDED_WITHIN_CAPTURED,
    DISPUTES_PRESUPPOSE_CAPTURES,
    ONE_REFERENCE_ONE_CHARGE,
    MONEY_EVENTS_HAVE_ENTRIES,
    ENTRIES_BALANCE,
    BALANCES_EQUAL_POSTINGS,
    CLEARING_ITEMS_EQUAL_POSTINGS,
    IN_TRANSIT_EQUALS_OPEN_PAYOUTS,
    NOTHING_WAITS_IN_SUSPENSE,
    CLEARING_IS_EXPLAINED,
    SETTLEMENT_EVENTS_HAVE_LINES,
    DIFFERENCES_HAVE_BREAKS,
    ADJUSTMENTS_ARE_TOLD,
    BANK_ACCOUNTS_ARE_EXPLAINED,
    BREAKS_FOLLOW_THEIR_ACTIONS,
    OPEN_CHARGES_HAVE_WORK,
    WANTED_EVENTS_HAVE_DELIVERIES,
    AGREED_PROPOSALS_END,
    ENDED_PROPOSALS_TELL_WHAT_WAS_MADE,
    NO_CARD_NUMBERS,
)
"""Every invariant, in the order in which money flows."""


async def check_all(stores: Stores, *, seconds_max: float = CHECK_SECONDS_MAX) -> list[CheckResult]:
    """Check every invariant, one after the other, each for at most `seconds_max`; what one fails of stops no other.

    Traffic may go on meanwhile: an invariant looks only at what no consumer or worker is still busy with.
    """
    return [await result_of(invariant, stores, seconds_max=seconds_max) for invariant in INVARIANTS]


async def count_events(stores: Stores) -> int:
    """How many events the log holds."""
    return int(await stores.eventstore.fetchval(_SQL.count_events, timeout=STATEMENT_TIMEOUT_SECONDS))
