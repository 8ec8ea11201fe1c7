"""Statements of our banks, as staff bring them in: checked, kept as evidence, and read into lines."""

from pathlib import Path
from typing import Final

from fincore.domain.errors import UsageError
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.settlement_events import BankAccount
from fincore.postgres.pool import Pool
from fincore.reconciliation.bank.statements import BankStatements, Imported
from fincore.reconciliation.evidence.port import EvidenceStore
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.parsed_file import BankFormat
from fincore.write.settlement.bank_account import bank_account_flaw

EVIDENCE_OF_BANKS: Final = PspName("bank")
"""Where the evidence store has what banks state, beside the PSPs' files."""
MISSING_AFTER_DAYS_MAX: Final = 90


def bank_named(text: str) -> BankAccount:
    """The name of a bank account. Raises `UsageError`."""
    if (flaw := bank_account_flaw(text)) is not None:
        raise UsageError(f"the name of a bank account {flaw}")
    return BankAccount(text)


async def import_statement(
    ledgerdb: Pool,
    evidence: EvidenceStore,
    file: Path,
    bank: BankAccount,
    file_format: BankFormat,
    *,
    livemode: bool,
    is_new: bool = False,
    missing_after_days: int | None = None,
) -> Imported:
    """Import a statement of a bank account. Raises `FileRefused`, `EvidenceNotKept`, and `UsageError` for a file that cannot be read.

    A file that is refused is not kept. `is_new`: no statement and no payout has named the bank account before, which would else
    be taken for a mistyped name.
    """
    statements = BankStatements(ledgerdb)
    known = await statements.known_banks(livemode=livemode)
    if bank not in known and not is_new:
        raise UsageError(
            f"no statement and no payout has named the bank account {bank} in this mode; known are: {', '.join(known) or 'none'}. "
            "Choose one of these, or add --new for the first statement of a bank account"
        )
    expected = await statements.expected(bank, livemode=livemode, missing_after_days=missing_after_days)
    parser = FORMATS[file_format]
    try:
        with file.open("rb") as content:
            for _ in parser.parse(content, expected).lines:
                pass
            content.seek(0)
            kept = await evidence.keep(EVIDENCE_OF_BANKS, PspAccount(bank), file.name, content)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name cannot be used"
        raise UsageError(f"the file cannot be read ({reason})") from None
    stream = await evidence.open(kept.location, kept.sha256)
    with stream:
        return await statements.keep(bank, kept, stream, parser, livemode=livemode)
