"""The laws: what must be true of the stores at any moment, one law a file, each with the check that names what breaks it.

They look at the stores with SQL of their own and refuse to know the code that fills them: a law shares no mistake with it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from fincore.observability.invariants.balances_equal_postings import BALANCES_EQUAL_POSTINGS
from fincore.observability.invariants.entries_balance import ENTRIES_BALANCE
from fincore.observability.invariants.every_event_reaches_every_consumer import (
    EVERY_EVENT_REACHES_EVERY_CONSUMER,
)
from fincore.observability.invariants.law import VIOLATIONS_MAX, Law, Stores, Violation
from fincore.observability.invariants.money_events_have_entries import MONEY_EVENTS_HAVE_ENTRIES
from fincore.observability.invariants.no_card_numbers import NO_CARD_NUMBERS
from fincore.observability.invariants.nothing_waits_in_suspense import NOTHING_WAITS_IN_SUSPENSE
from fincore.observability.invariants.open_charges_have_work import OPEN_CHARGES_HAVE_WORK
from fincore.observability.invariants.refunded_within_captured import REFUNDED_WITHIN_CAPTURED
from fincore.observability.invariants.same_key_same_charge import SAME_KEY_SAME_CHARGE
from fincore.observability.invariants.stream_versions_are_dense import STREAM_VERSIONS_ARE_DENSE
from fincore.observability.invariants.view_equals_fold import VIEW_EQUALS_FOLD
from fincore.observability.invariants.wanted_events_have_deliveries import WANTED_EVENTS_HAVE_DELIVERIES
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.observability.invariants", "laws.sql")

LAWS: Final[Sequence[Law]] = (
    STREAM_VERSIONS_ARE_DENSE,
    EVERY_EVENT_REACHES_EVERY_CONSUMER,
    VIEW_EQUALS_FOLD,
    SAME_KEY_SAME_CHARGE,
    REFUNDED_WITHIN_CAPTURED,
    MONEY_EVENTS_HAVE_ENTRIES,
    ENTRIES_BALANCE,
    BALANCES_EQUAL_POSTINGS,
    NOTHING_WAITS_IN_SUSPENSE,
    OPEN_CHARGES_HAVE_WORK,
    WANTED_EVENTS_HAVE_DELIVERIES,
    NO_CARD_NUMBERS,
)
"""Every law, in the order money flows."""


class Verdict(msgspec.Struct, frozen=True):
    """What checking one law found; it holds where there is no violation."""

    law: Law
    violations: tuple[Violation, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing breaks the law."""
        return not self.violations

    @property
    def sentence(self) -> str:
        """The law and what became of it; each row that breaks it on a line of its own."""
        if self.holds:
            return f"holds   {self.law.name}: {self.law.sentence}"
        rows = [f"          {violation.where}: {violation.what}" for violation in self.violations]
        if len(rows) >= VIOLATIONS_MAX:
            rows.append(f"          and perhaps more: only the first {VIOLATIONS_MAX} are looked for")
        return "\n".join([f"BROKEN  {self.law.name}: {self.law.sentence}", *rows])


async def check_all(stores: Stores) -> list[Verdict]:
    """Check every law, one after the other. Traffic may go on meanwhile: a law judges what has settled."""
    return [Verdict(law, tuple((await law.check(stores))[:VIOLATIONS_MAX])) for law in LAWS]


async def count_events(stores: Stores) -> int:
    """How many events the log holds."""
    return int(await stores.eventstore.fetchval(_SQL.count_events))


def summary(verdicts: Sequence[Verdict], events: int) -> str:
    """One sentence over all verdicts: `10 laws hold over 3,412 events`, or which are broken."""
    broken = [verdict.law.name for verdict in verdicts if not verdict.holds]
    if broken:
        return f"{len(broken)} of {len(verdicts)} laws are broken over {events:,} events: {', '.join(broken)}"
    return f"{len(verdicts)} laws hold over {events:,} events"
