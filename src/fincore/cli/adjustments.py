"""What `fincore reconcile` can do to end breaks by entries: adjust, write off, take back, explain what was there before, list."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Final, TypeVar

from cyclopts import Parameter

from fincore.backoffice.adjustments import StaffAdjustments
from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.settings import Settings
from fincore.cli.arguments import (
    Adjustment,
    BreakNumber,
    By,
    CurrencyCode,
    Limit,
    Live,
    PspAccountName,
    Reason,
    SignedMinor,
)
from fincore.cli.ledger_tables import money_text
from fincore.cli.stores import on_installation, on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentKind
from fincore.domain.outcome import PspAccount, PspName
from fincore.reconciliation.adjustments.acts import Account
from fincore.reconciliation.adjustments.decision import Decision
from fincore.reconciliation.adjustments.listing import ListedAdjustment, list_adjustments

T = TypeVar("T")

EVENTSTORE: Final = "eventstore"
LEDGERDB: Final = "ledgerdb"


def adjust(break_id: BreakNumber, *, amount_minor: SignedMinor, reason: Reason, by: By) -> None:
    """Book the difference of a break as the statement has it, and close the break.

    The entry goes to `expense:adjustments`; the next run matches it with what the break is made of. Repeating the command does it once.
    """
    show(_ended(break_id, "adjustment", amount_minor, reason, by))


def write_off(break_id: BreakNumber, *, amount_minor: SignedMinor, reason: Reason, by: By) -> None:
    """Give up what the PSP owes by a break, and close the break.

    The entry goes to `expense:write_offs`; the next run matches it with what the break is made of. Repeating the command does it once.
    """
    show(_ended(break_id, "write_off", amount_minor, reason, by))


def reverse(adjustment: Adjustment, *, reason: Reason, by: By) -> None:
    """Take an adjustment or a write-off back as a whole, by an entry with the other sign; its break is open again."""
    reversing = _act(lambda acts: acts.reverse(adjustment, by=by, reason=reason))
    amount = money_text(reversing.gross_minor + reversing.fee_minor, reversing.currency)
    show(f"{adjustment} is taken back: {amount}; `fincore reconcile run` compares again")


def explain_opening(
    account: Annotated[PspAccountName, Parameter(help="An account at a PSP, such as paypal/eu.")],
    *,
    currency: CurrencyCode,
    amount_minor: SignedMinor,
    reason: Reason,
    by: By,
    live: Live = False,
) -> None:
    """Explain what a PSP held before its first statement: it goes from `unmatched` to `equity:opening`.

    The report of a run has it as `held before the first file`. Repeating the command does it once.
    """
    psp, _, name = account.partition("/")
    held = Account(psp=PspName(psp), psp_account=PspAccount(name), livemode=live, currency=currency)
    booked = _act(lambda acts: acts.explain_opening(held, amount_minor, by=by, reason=reason))
    show(
        f"{booked.adjustment_id} explains {money_text(amount_minor, currency)} that {account} held before its first statement"
    )


def adjustments(*, live: Live = False, limit: Limit = 100) -> None:
    """List adjustments and write-offs, the last decided first: who decided, why, and whether a run has matched it. Times are UTC."""
    found = on_stores(lambda stores: list_adjustments(stores.ledgerdb, livemode=live, limit=limit), LEDGERDB)
    show_table(
        ("adjustment", "kind", "break", "account", "amount", "decided", "by", "reason", "stands"),
        [
            (
                one.adjustment_id,
                one.kind if one.adjusts != "opening" else "opening",
                f"{one.break_id} {one.break_class}" if one.break_id is not None else "",
                f"{one.psp}/{one.psp_account}",
                money_text(one.amount_minor, one.currency),
                moment_text(one.decided_at),
                one.by,
                one.reason,
                standing_text(one),
            )
            for one in found.adjustments
        ],
    )


def standing_text(one: ListedAdjustment) -> str:
    """How an adjustment stands, in a few words."""
    if one.reversed_at is not None:
        return f"reversed by {one.reversed_by} at {moment_text(one.reversed_at)}: {one.reversed_for}"
    if one.told_at is None:
        return "not in the log yet: the next run tells it"
    if one.adjusts != "clearing":
        return "booked"
    return "matched" if one.is_matched else "waits for a run"


def _ended(break_id: int, kind: AdjustmentKind, amount_minor: int, reason: str, by: str) -> str:
    decision = Decision(kind=kind, amount_minor=amount_minor, by=by, reason=reason)
    booked = _act(lambda acts: acts.adjust(break_id, decision))
    return f"{booked.adjustment_id} ends the break {break_id}: {_entry_text(booked)}; `fincore reconcile run` matches it"


def _entry_text(booked: AdjustmentBooked) -> str:
    to = "write_offs" if booked.kind == "write_off" else "adjustments"
    amount = money_text(booked.gross_minor + booked.fee_minor, booked.currency)
    return f"{amount} against expense:{to}:{booked.psp}:{booked.psp_account}:{booked.currency}"


def _act(act: Callable[[StaffAdjustments], Coroutine[object, object, T]]) -> T:
    async def on(settings: Settings, databases: Databases) -> T:
        async with operator_stores(databases, EVENTSTORE, LEDGERDB) as stores:
            return await act(
                StaffAdjustments(
                    stores.ledgerdb, stores.adjustment_log, stores.writer, settings.adjustment_limits_minor
                )
            )

    return on_installation(on)
