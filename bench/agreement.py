"""Whether the PSP sandbox, the log, the view and the ledger tell the same story of the same charges."""

import json
import urllib.request

from bench.installation import Installation
from bench.progress import Progress

CHARGE_ID_KEY = "fincore_charge_id"
"""The metadata by which FinCore marks its payments at the PSP."""


def disagreements(fincore: Installation, progress: Progress, *, accepted: int) -> list[str]:
    """What does not agree, in sentences; nothing when all is well. `accepted` is what the client was told."""
    url = f"http://127.0.0.1:{fincore.sandbox_port}/sandbox/state?metadata_key={CHARGE_ID_KEY}"
    with urllib.request.urlopen(url, timeout=60) as answer:
        state = json.load(answer)
    at_psp: dict[str, dict[str, int]] = state["by_metadata"]
    charges = progress.charges()
    totals = progress.totals()
    captured = {charge_id: minor for charge_id, minor in charges.items() if minor is not None}
    paid = {charge_id: row["amount_received"] for charge_id, row in at_psp.items() if row["amount_received"]}
    twice = sum(row["succeeded"] > 1 for row in at_psp.values())
    money = sum(captured.values())
    told = [
        (
            len(charges) == accepted,
            f"the client has {accepted:,} acceptances, the log {len(charges):,} charges",
        ),
        (totals.charges == accepted, f"the view has {totals.charges:,} of {accepted:,} charges"),
        (not twice, f"{twice:,} charges succeeded more than once at the PSP"),
        (
            captured == paid,
            f"{len(captured):,} charges captured in the log, {len(paid):,} at the PSP, or other amounts",
        ),
        (totals.view_succeeded == len(captured), f"the view has {totals.view_succeeded:,} succeeded charges"),
        (totals.view_minor == money, f"the view sums to {totals.view_minor:,}, the log to {money:,}"),
        (totals.ledger_entries == len(captured), f"the ledger has {totals.ledger_entries:,} entries"),
        (totals.ledger_minor == money, f"the ledger sums to {totals.ledger_minor:,}, the log to {money:,}"),
    ]
    return [sentence for holds, sentence in told if not holds]
