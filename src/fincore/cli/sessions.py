"""What `fincore sessions` can do: a checkout session's history, and the sessions of a merchant."""

from typing import Annotated

from cyclopts import App, Parameter

from fincore.backoffice.session_history import session_history
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.cli.arguments import Limit, Merchant, Session
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.checkout_session import CheckoutSession, CheckoutSessionStatus
from fincore.domain.ids import CheckoutSessionId
from fincore.read.page import PAGE_ROWS_MAX
from fincore.read.paymentdb.session_queries import SessionFilters, SessionQueries
from fincore.read.paymentdb.session_row import SessionView

sessions = App(name="sessions", help=COMMANDS["sessions"].help)


@sessions.command(name="show")
def show_session(session_id: Session) -> None:
    """Print a checkout session, its attempts, and each of its events. `fincore charges show` prints the charge of an attempt.

    The address of its page is not printed: who has it can pay. An event that this version cannot read is printed as it is
    stored. Times are UTC.
    """
    found = on_stores(lambda stores: session_history(stores.session_log, session_id), "eventstore")
    if found.state is not None:
        show(_session_line(session_id, found.state))
        show(_attempts_line(found.state))
        if found.state.attempts:
            show_table(
                ("attempt", "charge", "method", "status", "started", "closed"),
                [
                    (
                        str(one.number),
                        one.charge_id,
                        one.payment_method,
                        one.status,
                        moment_text(one.started_at),
                        one.close_reason or "-",
                    )
                    for one in found.state.attempts
                ],
            )
        show("")
    if found.stop is not None:
        shown = f"shown as of version {found.stop.version - 1}: " if found.state is not None else ""
        show(f"{shown}version {found.stop.version} cannot be applied: {found.stop.reason}")
    show_table(
        ("version", "happened", "event", "what it says"),
        [(str(one.version), moment_text(one.at), one.type, one.says) for one in found.events],
    )


@sessions.command(name="list")
def list_sessions(
    merchant_id: Merchant,
    *,
    live: Annotated[
        bool, Parameter(negative="", help="Sessions of live mode; of test mode unless set.")
    ] = False,
    status: Annotated[
        CheckoutSessionStatus | None, Parameter(help="Only sessions that are in this status.")
    ] = None,
    limit: Limit = 100,
) -> None:
    """List the checkout sessions of a merchant, the newest first."""
    filters = SessionFilters(
        merchant_id=merchant_id, livemode=live, statuses=() if status is None else (status,)
    )
    found = on_stores(lambda stores: _newest(stores, filters, limit), "paymentdb")
    show_table(
        ("session", "status", "state", "amount", "methods", "attempts", "charge", "created", "expires"),
        [
            (
                view.session_id,
                view.session.status,
                view.session.state,
                str(view.session.amount),
                ", ".join(view.session.payment_methods),
                str(len(view.session.attempts)),
                _charge_text(view.session),
                moment_text(view.session.created_at),
                moment_text(view.session.expires_at),
            )
            for view in found
        ],
    )


async def _newest(stores: OperatorStores, filters: SessionFilters, limit: int) -> list[SessionView]:
    queries = SessionQueries(stores.paymentdb)
    found: list[SessionView] = []
    has_more = True
    while has_more and len(found) < limit:
        after_id = found[-1].session_id if found else None
        page = await queries.list_sessions(
            filters, after_id=after_id, limit=min(limit - len(found), PAGE_ROWS_MAX)
        )
        found += page.sessions
        has_more = page.has_more
    return found


def _session_line(session_id: CheckoutSessionId, session: CheckoutSession) -> str:
    mode = "live" if session.livemode else "test"
    state = "" if session.state == session.status else f" ({session.state})"
    return f"{session_id} of {session.merchant_id} ({mode}): {session.status}{state}; {session.amount}, {session.capture_method} capture"


def _attempts_line(session: CheckoutSession) -> str:
    if session.ended_at is not None:
        why = f" by {session.expiry_reason}" if session.expiry_reason and session.status == "expired" else ""
        ends = f"{session.status}{why} at {moment_text(session.ended_at)}"
    else:
        ends = f"ends at {moment_text(session.expires_at)} unless it is paid"
    return f"offers {', '.join(session.payment_methods)}; {ends}"


def _charge_text(session: CheckoutSession) -> str:
    """The charge that paid, or that can be paid now."""
    attempt = session.paid_attempt or session.live_attempt
    return "-" if attempt is None else attempt.charge_id
