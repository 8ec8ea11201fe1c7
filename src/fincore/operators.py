"""The operators' commands: merchants, keys, the queue, the laws. Those of the books are in `bookkeeping`."""

import os
import sys
from typing import Annotated, Literal

from cyclopts import App, Parameter, validators

from fincore.arguments import By, Charge, JobId, Key, Limit, Merchant, Name, Reason, Reference, Refund
from fincore.bootstrap import operations, unknown_outcomes
from fincore.bootstrap.charge_history import charge_history
from fincore.bootstrap.databases import STORES
from fincore.bootstrap.schemas import migrate_databases
from fincore.domain.charge import Charge as ChargeState
from fincore.domain.currency import Currency
from fincore.domain.errors import UsageError
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.resolution import ChargeVerdict, Judgement, RefundVerdict
from fincore.settings import read_settings, settings_in_force
from fincore.terminal import moment_text, on_databases, show, show_table

merchants = App(name="merchant", help="Merchants, and what the platform charges them.")
fee_plans = App(name="fee-plan", help="What the platform charges a merchant for each capture.")
merchants.command(fee_plans)
keys = App(name="key", help="API keys of merchants: create, list, revoke.")
charges = App(name="charges", help="Show a charge; list and resolve outcomes at the PSP that are unknown.")
jobs = App(name="jobs", help="Jobs that FinCore has given up: list them, try them again.")


def migrate() -> None:
    """Bring the schemas of the three stores up to date, and say what was applied to which."""
    applied = on_databases(migrate_databases, creates=True)
    show(
        "\n".join(f"{one.store}: {one.name}" for one in applied) or f"nothing to apply to {', '.join(STORES)}"
    )


def settings() -> None:
    """List every setting with the value in force, where it comes from and what it means. Secrets are not shown."""
    for one in settings_in_force(os.environ):
        value = "(hidden)" if one.setting.is_secret and one.value else one.value
        default = (
            f"; default {one.setting.default}" if one.origin != "default" and one.setting.default else ""
        )
        show(f"{one.setting.name}={value}  ({one.origin}{default})\n    {one.setting.meaning}")
    # What the roles would refuse at start is refused here, too.
    read_settings(os.environ)


def check() -> None:
    """Check the laws that must hold; exit with 1 when one is broken, with 3 when one could not be checked."""
    report = on_databases(operations.check_laws)
    show(report.text)
    sys.exit(report.exit_code)


@merchants.command(name="create")
def create_merchant(name: Name) -> None:
    """Register a merchant and print its id."""
    show(on_databases(lambda databases: operations.create_merchant(databases, name)))


@merchants.command(name="list")
def list_merchants() -> None:
    """List the merchants."""
    found = on_databases(operations.list_merchants)
    show_table(
        ("id", "name", "created"),
        [(merchant.merchant_id, merchant.name, moment_text(merchant.created_at)) for merchant in found],
    )


@fee_plans.command(name="set")
def set_fee_plan(
    merchant_id: Merchant, currency: str, *, basis_points: int, fixed_minor: int = 0, by: By
) -> None:
    """Set what the platform charges a merchant for each capture in a currency, for charges created from now on.

    Parameters
    ----------
    currency
        The currency of the captures, such as usd.
    basis_points
        The part of each capture, in hundredths of a percent: 290 is 2.9 %.
    fixed_minor
        The amount added to it for each capture, in the currency's minor unit.
    """
    plan = FeePlan(basis_points=basis_points, fixed_minor=fixed_minor)
    code = Currency(currency.lower())
    on_databases(lambda databases: operations.set_fee_plan(databases, merchant_id, code, plan, by=by))
    show(f"{merchant_id} pays {basis_points} basis points and {fixed_minor} minor units a capture in {code}")


@fee_plans.command(name="list")
def list_fee_plans(merchant_id: Merchant) -> None:
    """List every fee plan a merchant ever had; in each currency the last one counts."""
    found = on_databases(lambda databases: operations.list_fee_plans(databases, merchant_id))
    show_table(
        ("currency", "plan", "basis points", "fixed minor", "since", "by"),
        [
            (
                agreed.currency,
                str(agreed.plan_no),
                str(agreed.plan.basis_points),
                str(agreed.plan.fixed_minor),
                moment_text(agreed.set_at),
                agreed.set_by,
            )
            for agreed in found
        ],
    )


@keys.command(name="create")
def create_key(
    merchant_id: Merchant,
    *,
    kind: Literal["secret", "publishable"] = "secret",
    live: Annotated[bool, Parameter(negative="")] = False,
    name: Name | None = None,
) -> None:
    """Make an API key and print it, this once: only its hash is kept.

    Parameters
    ----------
    kind
        Secret keys are for back ends; no call takes a publishable one.
    live
        A key for live charges instead of test charges.
    """
    key = on_databases(
        lambda databases: operations.create_key(
            databases, merchant_id, kind=kind, livemode=live, name=name or ""
        )
    )
    show(key.secret.reveal())


@keys.command(name="list")
def list_keys(merchant_id: Merchant) -> None:
    """List a merchant's keys by what each begins and ends with, never whole."""
    found = on_databases(lambda databases: operations.list_keys(databases, merchant_id))
    show_table(
        ("id", "key", "name", "created", "revoked"),
        [
            (
                key.key_id,
                f"{key.prefix}...{key.last4}",
                key.name,
                moment_text(key.created_at),
                moment_text(key.revoked_at),
            )
            for key in found
        ],
    )


@keys.command(name="revoke")
def revoke_key(merchant_id: Merchant, key_id: Key) -> None:
    """Revoke a key for good; it stops working within seconds."""
    on_databases(lambda databases: operations.revoke_key(databases, merchant_id, key_id))
    show(f"revoked {key_id}")


@charges.command(name="show")
def show_charge(charge_id: Charge) -> None:
    """Print a charge and every event of it, with the reasons staff gave; also one that FinCore cannot read to its end.

    Times are UTC, by the PSP's clock where the PSP said when.
    """
    found = on_databases(lambda databases: charge_history(databases, charge_id))
    if found.charge is not None:
        show(_charge_line(charge_id, found.charge))
    if found.stop is not None:
        shown = (
            f"as of version {found.stop.version - 1}"
            if found.charge is not None
            else "nothing of it can be shown"
        )
        show(f"{shown}: version {found.stop.version} cannot be applied: {found.stop.reason}")
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
    told = ", ".join(f"{what} {Money(minor, charge.amount.currency)}" for what, minor in amounts.items())
    mode = "live" if charge.livemode else "test"
    return f"{charge_id} of {charge.merchant_id} ({mode}): {charge.status}; {told}"


@charges.command(name="unknown")
def list_unknown(*, limit: Limit = 100) -> None:
    """List the operations whose outcome at the PSP is unknown, oldest first, and what happens to each.

    Under `state`: FinCore still asks the PSP by itself, or it has given up and a person must look the payment up and say
    what the PSP shows (`fincore charges resolve`).
    """
    found = on_databases(lambda databases: unknown_outcomes.list_unknown(databases, limit=limit))
    show_table(
        ("charge", "refund", "mode", "operation", "amount", "psp", "reference", "unknown since", "state"),
        [
            (
                listed.outcome.charge_id,
                listed.outcome.refund_id or "-",
                "live" if listed.outcome.livemode else "test",
                listed.outcome.operation,
                str(Money(listed.outcome.amount_minor, listed.outcome.currency)),
                listed.outcome.psp,
                listed.outcome.psp_reference or "-",
                moment_text(listed.outcome.since),
                f"resolve it: {listed.held_because}" if listed.held_because else "FinCore asks the PSP",
            )
            for listed in found
        ],
    )


@charges.command(name="resolve")
def resolve_unknown(
    charge_id: Charge,
    verdict: Literal["captured", "authorized", "canceled", "expired", "succeeded", "failed"],
    *,
    reason: Reason,
    by: By,
    refund: Refund | None = None,
    psp_reference: Reference | None = None,
    amount_minor: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None,
) -> None:
    """Record what became of an operation whose outcome is unknown, as the PSP's dashboard shows it, with your name and reason.

    Of a charge: captured, authorized, canceled, expired, or failed (it did not happen). Of a refund, named with --refund:
    succeeded or failed. `fincore charges unknown` lists what is open.

    Parameters
    ----------
    verdict
        What became of the operation.
    amount_minor
        The amount, in the currency's minor unit, where the PSP shows less than was asked for.
    """
    judgement = Judgement(
        decided_by=by, reason=reason, psp_reference=psp_reference, amount_minor=amount_minor
    )
    if refund is not None and verdict in ("succeeded", "failed"):
        of_refund: RefundVerdict = verdict
        events = on_databases(
            lambda databases: unknown_outcomes.resolve_refund(
                databases, charge_id, refund, of_refund, judgement
            )
        )
    elif refund is None and verdict != "succeeded":
        of_charge: ChargeVerdict = verdict
        events = on_databases(
            lambda databases: unknown_outcomes.resolve_charge(databases, charge_id, of_charge, judgement)
        )
    else:
        whose = (
            "a refund is succeeded or failed"
            if refund
            else "a charge is captured, authorized, canceled, expired or failed (name a refund with --refund)"
        )
        raise UsageError(f"{verdict} is no verdict here: {whose}")
    show(f"recorded {', '.join(events)}")


@jobs.command(name="dead")
def dead_jobs(*, limit: Limit = 50) -> None:
    """List the jobs that FinCore has given up and holds for a person, newest first, with the reason.

    Once the cause is mended, `fincore jobs requeue` lets FinCore try them again.
    """
    held = on_databases(lambda databases: operations.dead_jobs(databases, limit=limit))
    show_table(
        ("id", "kind", "payload", "attempts", "held", "reason"),
        [
            (
                str(job.job_id),
                job.kind,
                job.payload.decode(),
                str(job.attempts),
                moment_text(job.held_at),
                job.reason,
            )
            for job in held
        ],
    )


@jobs.command(name="requeue")
def requeue_jobs(
    job_id: JobId, *more_job_ids: Annotated[JobId, Parameter(help="The numbers of further ones.")]
) -> None:
    """Try dead jobs again, as if they were new. A job may safely be done twice."""
    job_ids = (job_id, *more_job_ids)
    count = on_databases(lambda databases: operations.requeue_jobs(databases, job_ids))
    others = "" if count == len(job_ids) else ": `fincore jobs dead` lists those that can be"
    show(f"requeued {count} of {len(job_ids)}{others}")
    sys.exit(0 if count == len(job_ids) else 1)
