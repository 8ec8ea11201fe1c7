"""What `fincore charges` can do: a charge's history, and outcomes at the PSP that are unknown."""

import os
from collections.abc import Collection
from typing import Annotated, Literal

from cyclopts import App, Parameter, validators

from fincore.backoffice import unknown_outcomes
from fincore.backoffice.charge_history import charge_history
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.review_policy import review_policy
from fincore.cli.arguments import By, Charge, Limit, Reason, Reference, Refund
from fincore.cli.assessment_text import assessment_lines
from fincore.cli.commands import COMMANDS
from fincore.cli.plan_text import plan_lines
from fincore.cli.psp_fraud_text import psp_fraud_lines
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.charge import Charge as ChargeState
from fincore.domain.errors import UsageError
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.resolution import DecidedChargeOutcome, DecidedRefundOutcome, Resolution
from fincore.read.paymentdb.unknown_queries import UnknownOutcome

charges = App(name="charges", help=COMMANDS["charges"].help)


@charges.command(name="show")
def show_charge(charge_id: Charge) -> None:
    """Print a charge, its plan, what the risk rules decided, what the PSP says of fraud, and each event with reasons for staff only.

    An event that this version cannot read is printed as it is stored. Times are UTC: the PSP's where the PSP gave one.
    """
    found = on_stores(lambda stores: charge_history(stores.log, charge_id), "eventstore")
    if found.state is not None:
        show(_charge_line(charge_id, found.state))
        if found.state.plan is not None:
            show("\n".join(plan_lines(found.state.plan)))
        if found.state.risk is not None:
            show("\n".join(assessment_lines(found.state.risk)))
        for line in psp_fraud_lines(found.state):
            show(line)
    if found.stop is not None:
        shown = f"shown as of version {found.stop.version - 1}: " if found.state is not None else ""
        show(f"{shown}version {found.stop.version} cannot be applied: {found.stop.reason}")
    show_table(
        ("version", "happened", "event", "what it says"),
        [(str(one.version), moment_text(one.at), one.type, one.says) for one in found.events],
    )


def _charge_line(charge_id: ChargeId, charge: ChargeState) -> str:
    amounts = {
        "asked": charge.amount.amount_minor,
        "authorized": charge.authorized_minor,
        "captured": charge.captured_minor,
        "refunded": charge.refunded_minor,
    }
    listed = ", ".join(f"{what} {Money(minor, charge.amount.currency)}" for what, minor in amounts.items())
    mode = "live" if charge.livemode else "test"
    attempts = len(charge.abandoned_attempts) + 1
    account = f"{charge.psp}/{charge.psp_account}{f', attempt {attempts}' if attempts > 1 else ''}"
    return f"{charge_id} of {charge.merchant_id} ({mode}) at {account}: {charge.status}; {listed}"


@charges.command(name="unknown")
def list_unknown(*, limit: Limit = 100) -> None:
    """List the operations with an unknown outcome at the PSP, oldest first, and what happens to each.

    `reverse` is an attempt that was given up and has money of the customer, which has to go back. `state` says what is next:
    FinCore still asks the PSP, or it has given up. Then look the payment up in the PSP's dashboard, and record what it shows
    with `fincore charges resolve`, as one of the outcomes that `state` names.
    """
    configured = {(one.psp, one.name) for one in read_settings(os.environ).psp_accounts}
    found = on_stores(
        lambda stores: unknown_outcomes.list_unknown(stores.paymentdb, stores.jobs, limit=limit),
        "eventstore",
        "paymentdb",
    )
    show_table(
        ("charge", "refund", "mode", "operation", "amount", "account", "reference", "unknown since", "state"),
        [
            (
                listed.outcome.charge_id,
                listed.outcome.refund_id or "-",
                "live" if listed.outcome.livemode else "test",
                _operation_text(listed.outcome),
                str(Money(listed.outcome.amount_minor, listed.outcome.currency)),
                f"{listed.outcome.psp}/{listed.outcome.psp_account}",
                listed.outcome.psp_reference or "-",
                moment_text(listed.outcome.since),
                asking_text(listed.outcome, configured)
                if listed.held_because is None
                else f"resolve it as {_outcomes_text(listed.outcome)}: {listed.held_because}",
            )
            for listed in found
        ],
    )


def _operation_text(outcome: UnknownOutcome) -> str:
    return outcome.operation if outcome.attempt is None else f"{outcome.operation} attempt {outcome.attempt}"


def asking_text(outcome: UnknownOutcome, configured: Collection[tuple[PspName, PspAccount]]) -> str:
    """Where no account is configured, this is not the environment of a worker, and says nothing of the account."""
    if not configured or (outcome.psp, outcome.psp_account) in configured:
        return "FinCore asks the PSP"
    return f"FinCore cannot ask: {outcome.psp}/{outcome.psp_account} is not configured here"


def _outcomes_text(outcome: UnknownOutcome) -> str:
    """What `resolve` takes for it."""
    if outcome.attempt is not None:
        return "given_back"
    if outcome.refund_id is not None:
        return f"succeeded or failed with --refund {outcome.refund_id}"
    return "captured, authorized, canceled, expired or failed"


@charges.command(name="resolve")
def resolve_unknown(
    charge_id: Charge,
    outcome: Literal["captured", "authorized", "canceled", "expired", "succeeded", "failed", "given_back"],
    *,
    reason: Reason,
    by: By,
    refund: Refund | None = None,
    psp_reference: Reference | None = None,
    amount_minor: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None,
) -> None:
    """Record the outcome of an unknown operation as the PSP's dashboard shows it, with your name and reason.

    Of a charge: captured, authorized, canceled, expired, failed (it did not happen), or given_back (an abandoned attempt
    has no money of the customer: it took none, or you gave it back at the PSP). Of a refund, named with --refund:
    succeeded or failed. `fincore charges unknown` lists the unknown operations.

    Parameters
    ----------
    outcome
        What became of the operation.
    amount_minor
        The amount, in the currency's minor unit, where the PSP shows less than was requested.
    """
    resolution = Resolution(
        decided_by=by, reason=reason, psp_reference=psp_reference, amount_minor=amount_minor
    )
    if refund is not None and outcome in ("succeeded", "failed"):
        of_refund: DecidedRefundOutcome = outcome
        events = on_stores(
            lambda stores: unknown_outcomes.resolve_refund(
                stores.resolver, charge_id, refund, of_refund, resolution
            ),
            "eventstore",
        )
    elif refund is None and outcome != "succeeded":
        of_charge: DecidedChargeOutcome = outcome
        reviews = review_policy(read_settings(os.environ))
        events = on_stores(
            lambda stores: unknown_outcomes.resolve_charge(
                stores.resolver._replace(reviews=reviews), charge_id, of_charge, resolution
            ),
            "eventstore",
        )
    else:
        ends = (
            "a refund ends as succeeded or failed"
            if refund
            else "a charge ends as captured, authorized, canceled, expired, failed or given_back (name a refund with --refund)"
        )
        raise UsageError(f"{ends}, not as {outcome}")
    show(f"recorded {', '.join(events)}")
