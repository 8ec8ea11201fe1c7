"""Invariant: a checkout session is paid once, by however many charges its customer tried."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.audit.invariants.open_charges_have_work import GRACE_SECONDS
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    return await named_rows(stores.eventstore, _SQL.sessions_paid_wrongly, GRACE_SECONDS)


SESSIONS_ARE_PAID_ONCE: Final = Invariant(
    "sessions_are_paid_once",
    "At most one charge of a checkout session holds or took money, but for money that is on its way back; a completed "
    "session was paid by one, and no charge of a session that has ended can still be paid.",
    _check,
)
"""If it fails, a customer has paid twice for one session, or a merchant takes a session for paid, or for over, that is not."""
