"""The operators' commands: merchants, keys, the queue, the books, the laws."""

import os
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from cyclopts import App, Parameter, validators
from rich.console import Console

from fincore.bootstrap import operations, unknown_outcomes
from fincore.bootstrap.databases import Databases, databases_of
from fincore.bootstrap.schemas import migrate_databases
from fincore.domain.errors import ConfigurationError
from fincore.domain.ids import ApiKeyId, ChargeId, MerchantId, RefundId
from fincore.domain.money import Money
from fincore.domain.outcome import PspReference
from fincore.domain.verdict import ChargeVerdict, Judgement, RefundVerdict
from fincore.event_loop import run_coroutine
from fincore.observability.logs import configure_logs
from fincore.settings import SETTINGS, read_settings

T = TypeVar("T")

merchants = App(name="merchant", help="Merchants.")
keys = App(name="key", help="API keys of merchants.")
charges = App(name="charges", help="Charges whose outcome nobody knows.")
jobs = App(name="jobs", help="The job queue.")
ledger = App(name="ledger", help="The double-entry ledger.")

_out = Console(soft_wrap=True, highlight=False)


def migrate() -> None:
    """Bring the schemas of the three stores up to date."""
    _print("\n".join(_on_databases(migrate_databases)) or "nothing to apply")


def settings() -> None:
    """List every setting with its default and meaning."""
    for setting in SETTINGS:
        _print(f"{setting.name}={setting.default}\n    {setting.meaning}")


def check() -> None:
    """Check the laws that must hold; exit with 1 when one is broken."""
    report = _on_databases(operations.check_laws)
    _print(report.text)
    sys.exit(0 if report.all_hold else 1)


@merchants.command(name="create")
def create_merchant(name: str) -> None:
    """Register a merchant and print its id."""
    _print(_on_databases(lambda databases: operations.create_merchant(databases, name)))


@merchants.command(name="list")
def list_merchants() -> None:
    """List the merchants."""
    found = _on_databases(operations.list_merchants)
    _print_table(
        ("id", "name", "created"),
        [(merchant.merchant_id, merchant.name, _when(merchant.created_at)) for merchant in found],
    )


@keys.command(name="create")
def create_key(
    merchant_id: MerchantId,
    *,
    kind: Literal["secret", "publishable"] = "secret",
    live: bool = False,
    name: str = "",
) -> None:
    """Make an API key and print it. This is the only time it is shown."""
    key = _on_databases(
        lambda databases: operations.create_key(databases, merchant_id, kind=kind, livemode=live, name=name)
    )
    _print(key.secret.reveal())


@keys.command(name="list")
def list_keys(merchant_id: MerchantId) -> None:
    """List a merchant's keys: what each begins and ends with, never the whole."""
    found = _on_databases(lambda databases: operations.list_keys(databases, merchant_id))
    _print_table(
        ("id", "key", "name", "created", "revoked"),
        [
            (
                key.key_id,
                f"{key.prefix}...{key.last4}",
                key.name,
                _when(key.created_at),
                _when(key.revoked_at),
            )
            for key in found
        ],
    )


@keys.command(name="revoke")
def revoke_key(merchant_id: MerchantId, key_id: ApiKeyId) -> None:
    """Revoke a key; it stops working within seconds."""
    _on_databases(lambda databases: operations.revoke_key(databases, merchant_id, key_id))
    _print(f"revoked {key_id}")


@charges.command(name="unknown")
def list_unknown(
    *, limit: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=1000))] = 100
) -> None:
    """List the operations that may or may not have happened at the PSP, oldest first, and who is working on each."""
    found = _on_databases(lambda databases: unknown_outcomes.list_unknown(databases, limit=limit))
    _print_table(
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
                _when(listed.outcome.since),
                f"needs a person: {listed.held_because}" if listed.held_because else "the janitor asks",
            )
            for listed in found
        ],
    )


@charges.command(name="resolve")
def resolve_unknown(
    charge_id: ChargeId,
    verdict: Literal["captured", "authorized", "canceled", "expired", "succeeded", "failed"],
    *,
    reason: str,
    by: str,
    refund: RefundId | None = None,
    psp_reference: PspReference | None = None,
    amount_minor: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None,
) -> None:
    """Say what became of an operation that is unknown, as the PSP's dashboard shows it. Kept with your name and reason.

    Of a charge: captured, authorized, canceled, expired, or failed (it did not happen). Of a refund (--refund): succeeded
    or failed.
    """
    judgement = Judgement(
        decided_by=by, reason=reason, psp_reference=psp_reference, amount_minor=amount_minor
    )
    if refund is not None and verdict in ("succeeded", "failed"):
        of_refund: RefundVerdict = verdict
        events = _on_databases(
            lambda databases: unknown_outcomes.resolve_refund(
                databases, charge_id, refund, of_refund, judgement
            )
        )
    elif refund is None and verdict != "succeeded":
        of_charge: ChargeVerdict = verdict
        events = _on_databases(
            lambda databases: unknown_outcomes.resolve_charge(databases, charge_id, of_charge, judgement)
        )
    else:
        whose = (
            "a refund succeeded or failed"
            if refund
            else "a charge is captured, authorized, canceled, expired or failed"
        )
        raise ConfigurationError(f"{verdict} is not a verdict here: {whose}")
    _print(f"recorded {', '.join(events)}")


@jobs.command(name="dead")
def dead_jobs(*, limit: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=1000))] = 50) -> None:
    """List the jobs that were given up, newest first, with the reason."""
    held = _on_databases(lambda databases: operations.dead_jobs(databases, limit=limit))
    _print_table(
        ("id", "kind", "payload", "attempts", "held", "reason"),
        [
            (
                str(job.job_id),
                job.kind,
                job.payload.decode(),
                str(job.attempts),
                _when(job.held_at),
                job.reason,
            )
            for job in held
        ],
    )


@jobs.command(name="requeue")
def requeue_jobs(job_id: int, *more_job_ids: int) -> None:
    """Make dead jobs due again, as if new."""
    job_ids = (job_id, *more_job_ids)
    count = _on_databases(lambda databases: operations.requeue_jobs(databases, job_ids))
    _print(f"requeued {count} of {len(job_ids)}")
    sys.exit(0 if count == len(job_ids) else 1)


@ledger.command(name="trial-balance")
def trial_balance(*, live: bool = False) -> None:
    """Print debits, credits and balance of every account."""
    _print(_on_databases(lambda databases: operations.trial_balance(databases, livemode=live)))


def _on_databases(act: Callable[[Databases], Coroutine[object, object, T]]) -> T:
    """Do an operator's task on the stores the settings name; only warnings are logged beside its output."""
    configured = read_settings(os.environ)
    configure_logs(level="warning", log_format="console")
    with databases_of(configured) as databases:
        return run_coroutine(act(databases))


def _print(text: str) -> None:
    _out.print(text, markup=False)


def _print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """A row a line and nothing cut off, however narrow the terminal: ids are there to be copied and piped."""
    if not rows:
        _print("none")
        return
    lines = [columns, *(tuple(" ".join(cell.split()) for cell in row) for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        _print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""
