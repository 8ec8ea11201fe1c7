"""What `fincore reconcile` can do with breaks: list them, show one, and record what a person does with it."""

from typing import Annotated

from cyclopts import Parameter

from fincore.backoffice import breaks as breaks_of_staff
from fincore.cli.arguments import (
    BreakNumber,
    By,
    ClaimReference,
    Days,
    Limit,
    Live,
    Noted,
    Owner,
    PspAccountName,
    Reason,
)
from fincore.cli.break_text import acted_text, breaks_text, record_text
from fincore.cli.stores import on_stores
from fincore.cli.terminal import show
from fincore.domain.errors import UsageError
from fincore.reconciliation.breaks.break_decision import Done
from fincore.reconciliation.breaks.break_status import BreakStatus
from fincore.reconciliation.breaks.listing import BreakFilters
from fincore.reconciliation.matching.differences import BreakClass


def breaks(
    *,
    break_class: Annotated[BreakClass | None, Parameter(name="--class")] = None,
    status: BreakStatus | None = None,
    owner: Owner | None = None,
    unowned: Annotated[bool, Parameter(negative="")] = False,
    account: PspAccountName | None = None,
    min_days: Days = 0,
    closed: Annotated[bool, Parameter(negative="")] = False,
    limit: Limit = 100,
    live: Live = False,
) -> None:
    """List the breaks that are not closed: what a statement and the ledger say differently. The amount is what the statement says less what the ledger expects.

    Parameters
    ----------
    break_class
        Only breaks of this class, such as missing_there.
    status
        Only breaks with this status, such as explained or merged.
    owner
        Only breaks of this owner.
    unowned
        Only breaks without an owner.
    min_days
        Only breaks that are at least so many days old.
    closed
        Those too that are closed.

    """
    if unowned and owner is not None:
        raise UsageError("--owner and --unowned exclude each other: give one of them")
    psp, _, name = (account or "").partition("/")
    wanted = BreakFilters(
        livemode=live,
        break_class=break_class,
        status=status,
        owner="" if unowned else owner,
        psp=psp or None,
        psp_account=name or None,
        days_min=min_days,
        with_closed=closed,
    )
    found = on_stores(
        lambda stores: breaks_of_staff.list_breaks(stores.ledgerdb, wanted, limit=limit), "ledgerdb"
    )
    show(breaks_text(found))


def show_break(break_id: BreakNumber) -> None:
    """Print all that is known of a break: what statements say and what the ledger expects, what was done with it, and what to do next. Times are UTC."""
    found = on_stores(lambda stores: breaks_of_staff.read_break(stores.ledgerdb, break_id), "ledgerdb")
    show(record_text(found))


def assign(break_id: BreakNumber, *, to: Owner, by: By) -> None:
    """Give a break an owner.

    Parameters
    ----------
    to
        The name of the new owner.

    """
    _act(break_id, Done(action="assign", actor=_actor(by), owner=to))


def note(break_id: BreakNumber, *, text: Noted, by: By) -> None:
    """Note what became known about a break.

    Parameters
    ----------
    text
        What became known.

    """
    _act(break_id, Done(action="note", actor=_actor(by), reason=text))


def explain(break_id: BreakNumber, *, reason: Reason, by: By) -> None:
    """Explain a break: the reason is known, and nothing is to be done. Its amount stays unmatched or uncleared; it is open again when it changes."""
    _act(break_id, Done(action="explain", actor=_actor(by), reason=reason))


def claim(
    break_id: BreakNumber,
    *,
    reference: ClaimReference,
    reason: Reason | None = None,
    by: By,
) -> None:
    """Note that a break is claimed from the PSP or the bank. It closes when the missing side comes."""
    _act(break_id, Done(action="claim", actor=_actor(by), reference=reference, reason=reason))


def reopen(break_id: BreakNumber, *, reason: Reason, by: By) -> None:
    """Open a break again that is explained or claimed."""
    _act(break_id, Done(action="reopen", actor=_actor(by), reason=reason))


def _act(break_id: int, done: Done) -> None:
    acted = on_stores(
        lambda stores: breaks_of_staff.act_on_break(stores.ledgerdb, break_id, done), "ledgerdb"
    )
    show(acted_text(acted))


def _actor(by: str) -> str:
    return f"operator:{by}"
