"""What `fincore risk cases` can do: charges under review, listed, shown, approved, declined."""

from collections.abc import Sequence
from typing import Literal

from cyclopts import App

from fincore.backoffice import risk_reviews
from fincore.backoffice.charge_history import charge_history
from fincore.cli.arguments import By, Charge, Limit, Reason
from fincore.cli.assessment_text import assessment_lines
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.charge import Charge as ChargeState
from fincore.domain.errors import UsageError
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.risk import ReviewVerdict, RiskAssessment
from fincore.domain.risk_review import ReviewStatus, review_status
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.review_queries import list_reviews

cases = App(name="cases", help="Charges under review: list, show, approve, decline.")

_TO_DECIDE: Sequence[ReviewStatus] = ("open", "captured_by_psp")


@cases.command(name="list")
def list_cases(*, status: ReviewStatus | None = None, limit: Limit = 100) -> None:
    """List the charges that wait for a decision, those that are decided soonest first. Times are UTC.

    A charge without a time in `decide by` is not held at the PSP yet: its customer is to act, or the PSP is being asked. A charge
    that is `captured_by_psp` was to be held, and the PSP took the money all the same.

    Parameters
    ----------
    status
        Charges with a review that stands so instead, such as `declined`.
    """
    wanted = _TO_DECIDE if status is None else (status,)
    found = on_stores(lambda stores: list_reviews(stores.paymentdb, wanted, limit=limit), "paymentdb")
    show_table(
        ("charge", "merchant", "mode", "amount", "charge is", "rule", "review", "decide by"),
        [case_row(view) for view in found],
    )


def case_row(view: ChargeView) -> tuple[str, ...]:
    """A charge under review as a row of the list."""
    charge = view.charge
    return (
        view.charge_id,
        charge.merchant_id,
        "live" if charge.livemode else "test",
        str(charge.amount),
        charge.status,
        (charge.risk and charge.risk.rule) or "-",
        review_status(charge) or "-",
        moment_text(charge.review_decide_by) or "-",
    )


@cases.command(name="show")
def show_case(charge_id: Charge) -> None:
    """Print a charge under review: why the rules sent it there, what they read, how it stands, and its events. Times are UTC."""
    found = on_stores(lambda stores: charge_history(stores.log, charge_id), "eventstore")
    if found.state is None or found.state.risk is None or review_status(found.state) is None:
        raise UsageError(
            f"the rules did not send {charge_id} to review: `fincore charges show` prints its history"
        )
    show("\n".join(case_lines(charge_id, found.state, found.state.risk)))
    show_table(
        ("version", "happened", "event", "what it says"),
        [(str(one.version), moment_text(one.at), one.type, one.says) for one in found.events],
    )


def case_lines(charge_id: ChargeId, charge: ChargeState, risk: RiskAssessment) -> list[str]:
    """What a person needs to know to decide a charge, and which command comes next."""
    mode = "live" if charge.livemode else "test"
    account = f"{charge.psp}/{charge.psp_account}"
    return [
        f"{charge_id} of {charge.merchant_id} ({mode}) at {account}: {charge.amount}, {charge.status}",
        f"the merchant asked for {charge.capture_method} capture",
        *assessment_lines(risk),
        _standing(charge_id, charge),
    ]


def _standing(charge_id: ChargeId, charge: ChargeState) -> str:
    decided = charge.review_decided
    match review_status(charge):
        case "open" if charge.review_decide_by is None:
            return "review open: the PSP does not hold the money yet, so that it cannot be approved"
        case "open":
            held = Money(charge.authorized_minor, charge.amount.currency)
            return (
                f"review open: {held} held; decide by {moment_text(charge.review_decide_by)} with "
                f"`fincore risk cases approve {charge_id} --by NAME --reason WHY`, or `decline`"
            )
        case "captured_by_psp":
            return (
                "the PSP took the money although it was asked to hold it: have the merchant refund the charge, or keep the money "
                f"with `fincore risk cases approve {charge_id} --by NAME --reason WHY`"
            )
        case ("approved" | "declined") as status if decided is not None:
            by = "without a person" if decided.is_automatic else f"by {decided.by}"
            return f"{status} {by} at {moment_text(decided.decided_at)}: {decided.reason}"
        case _:
            return f"the charge is {charge.status}: nothing is left to decide"


@cases.command(name="approve")
def approve(charge_id: Charge, *, by: By, reason: Reason) -> None:
    """Approve a charge under review. What is held is captured if the merchant wanted that at once; else the merchant may capture it."""
    _decide(charge_id, "approved", by=by, reason=reason)


@cases.command(name="decline")
def decline(charge_id: Charge, *, by: By, reason: Reason) -> None:
    """Decline a charge under review: the hold is given up, and the customer is not charged."""
    _decide(charge_id, "declined", by=by, reason=reason)


def _decide(charge_id: ChargeId, verdict: ReviewVerdict, *, by: str, reason: str) -> None:
    events = on_stores(
        lambda stores: risk_reviews.decide(stores.resolver, charge_id, verdict, by=by, reason=reason),
        "eventstore",
    )
    follows: dict[str, Literal["the capture is under way", "the hold is being given up"]] = {
        "charge.capture_requested": "the capture is under way",
        "charge.cancel_requested": "the hold is being given up",
    }
    next_step = next((follows[event] for event in events if event in follows), "nothing is asked of the PSP")
    show(f"{charge_id}: {verdict}; {next_step}")
