"""How a rebuild of reconciliation is shown: what was derived anew, what differs, and what no log holds. Pure."""

from typing import Final

from fincore.backoffice.rebuilds import ReconciliationRebuild
from fincore.cli.ledger_tables import money_text
from fincore.cli.settlement_runs import run_text
from fincore.cli.terminal import table_text
from fincore.domain.counting import counted
from fincore.reconciliation.rebuild.told import MatchDifference, Part, Sums

LOST: Final = """\
The log does not hold, so that it is lost if it came after the backup of LedgerDB:
  what people noted, explained and claimed: read their e-mails and earlier reports, and note it again
  statements of banks: import them again, the kept ones are under bank/ in the evidence store
  files that no run had booked, and what sources said of files beside their content: they are fetched again"""


def reconciliation_rebuild_text(found: ReconciliationRebuild) -> str:
    """What was derived, and how fast; where a run differs, or what the run after it did; what is lost."""
    rebuilt = found.rebuilt
    is_derived = bool(rebuilt.files or rebuilt.runs or rebuilt.adjustments)
    if not (is_derived or rebuilt.differences):
        parts = ["reconciliation: LedgerDB has every file and run that the log tells of"]
    else:
        derived = ", ".join(
            (
                counted(rebuilt.files, "file"),
                counted(rebuilt.runs, "run"),
                counted(rebuilt.adjustments, "adjustment"),
            )
        )
        parts = [f"reconciliation derived anew: {derived}, {found.seconds:.1f} s"]
    if rebuilt.differences:
        first = rebuilt.differences[0]
        parts += [
            (
                f"{first.run_id} cannot be derived as the log tells it, and nothing of it is written. Restore LedgerDB's database as it was "
                "after that run, from a later backup or its write-ahead log, and repeat the command"
            ),
            _table(rebuilt.differences),
        ]
    if found.run is not None:
        parts.append(run_text(found.run))
    if is_derived:
        parts.append(LOST)
    return "\n".join(parts)


def _table(differences: tuple[MatchDifference, ...]) -> str:
    return table_text(
        ("file", "kind", "lines told", "gross", "fee", "lines found", "gross", "fee"),
        [
            (
                file_id,
                kind,
                f"{one.told.lines:,}",
                _gross(one.told, one.part),
                money_text(one.told.fee_minor, currency),
                f"{one.found.lines:,}",
                _gross(one.found, one.part),
                money_text(one.found.fee_minor, currency),
            )
            for one in differences
            for file_id, kind, currency, _ in (one.part,)
        ],
    )


def _gross(sums: Sums, part: Part) -> str:
    """`108.00 USD`, and ` of 100.00 EUR` where that settles payments in euros."""
    gross = money_text(sums.gross_minor, part.currency)
    if part.charge_currency is None:
        return gross
    return f"{gross} of {money_text(sums.charge_gross_minor, part.charge_currency)}"
