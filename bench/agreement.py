"""Whether client, PSP sandbox, log, view and ledger agree on the same charges and refunds."""

from typing import Final

from bench.installation import CHECK_TIMEOUT_SECONDS, Installation
from bench.progress import Progress

CHARGE_ID_KEY: Final = "fincore_charge_id"
REFUND_ID_KEY: Final = "fincore_refund_id"
"""The metadata by which FinCore marks its payments and refunds at the PSP."""


def findings(fincore: Installation, progress: Progress, *, charges: int, refunds: int = 0) -> list[str]:
    """What the invariants say and who disagrees about what, in sentences. Counts are what the client was told."""
    checked = fincore.fincore("check", timeout_seconds=CHECK_TIMEOUT_SECONDS)
    invariants = (
        f"INVARIANTS BROKEN OR NOT CHECKED:\n{(checked.stdout + checked.stderr)[-1_500:]}"
        if checked.code
        else f"`fincore check` says: {checked.stdout.splitlines()[-1]}"
    )
    quarrels = disagreements(fincore, progress, charges=charges, refunds=refunds)
    agreed = (
        f"the client, the log, the PSP sandbox, the view and the ledger agree on {charges:,} charges and "
        f"{refunds:,} refunds, each with its amount"
    )
    return [invariants, *([f"DISAGREEMENT: {quarrel}" for quarrel in quarrels] or [agreed])]


def disagreements(fincore: Installation, progress: Progress, *, charges: int, refunds: int) -> list[str]:
    """What does not agree, in sentences; nothing when all is well."""
    at_psp: dict[str, dict[str, int]] = fincore.sandbox.state(CHARGE_ID_KEY)["by_metadata"]
    refunded_at_psp = {
        row["metadata"].get(REFUND_ID_KEY, row["id"]): row["amount"]
        for row in fincore.sandbox.call("GET", "/sandbox/refunds")["data"]
        if row["status"] == "succeeded"
    }
    logged, logged_refunds, totals = progress.charges(), progress.refunds(), progress.totals()
    captured = {str(charge_id): minor for charge_id, minor in logged.items() if minor}
    refunded = {str(refund_id): minor for refund_id, minor in logged_refunds.items() if minor}
    paid = {charge_id: row["amount_received"] for charge_id, row in at_psp.items() if row["amount_received"]}
    twice = sum(row["succeeded"] > 1 for row in at_psp.values())
    told = [
        (len(logged) == charges, f"the client has {charges:,} acceptances, the log {len(logged):,} charges"),
        (
            len(logged_refunds) == refunds,
            f"the client has {refunds:,} refunds accepted, the log {len(logged_refunds):,}",
        ),
        (totals.charges == charges, f"the view has {totals.charges:,} of {charges:,} charges"),
        (not twice, f"{twice:,} charges succeeded more than once at the PSP"),
        (
            captured == paid,
            f"{len(captured):,} charges captured in the log, {len(paid):,} at the PSP, or other amounts",
        ),
        (
            refunded == refunded_at_psp,
            f"{len(refunded):,} refunds done in the log, {len(refunded_at_psp):,} at the PSP, or other amounts",
        ),
        *(
            (
                (count, minor) == (len(of_log), sum(of_log.values())),
                f"the {who} has {count:,} {what} of {minor:,}, the log {len(of_log):,} of {sum(of_log.values()):,}",
            )
            for who, what, count, minor, of_log in (
                ("view", "captures", totals.view_captures, totals.view_captured_minor, captured),
                ("view", "refunds", totals.view_refunds, totals.view_refunded_minor, refunded),
                ("ledger", "captures", totals.ledger_captures, totals.ledger_captured_minor, captured),
                ("ledger", "refunds", totals.ledger_refunds, totals.ledger_refunded_minor, refunded),
            )
        ),
    ]
    return [sentence for holds, sentence in told if not holds]
