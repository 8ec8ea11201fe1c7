"""Statements of our banks, as staff bring them in: checked, kept as evidence, and read into lines."""

from pathlib import Path
from typing import Final

from fincore.domain.counting import counted
from fincore.domain.errors import UsageError
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.settlement_events import BankAccount
from fincore.postgres.pool import Pool
from fincore.reconciliation.bank.statements import BankStatements, Imported
from fincore.reconciliation.evidence.port import EvidenceStore
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.parsed_file import BankFormat, FileRefused
from fincore.write.settlement.bank_account import bank_account_flaw

WITHOUT_END: Final[frozenset[BankFormat]] = frozenset({"bank_csv"})
"""Formats of which a file that was cut off after an entry is a file of that format."""
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
    rows: int | None = None,
    is_new: bool = False,
    missing_after_days: int | None = None,
) -> Imported:
    """Import a statement of a bank account. Raises `FileRefused`, `EvidenceNotKept`, and `UsageError` for a file that cannot be read.

    A file that is refused is not kept. `rows`: how many entries the bank says that the statement has; a format that states no end of a
    file is not read without it. `is_new`: no statement and no payout has named the bank account before, which would else
    be taken for a mistyped name.
    """
    if rows is None and file_format in WITHOUT_END:
        raise UsageError(
            f"nothing in a file of {file_format} says where it ends, so that one that was cut off looks whole. "
            "Add --rows with the number of entries that the bank shows for it"
        )
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
            found = sum(1 for _ in parser.parse(content, expected).lines)
            if rows not in (None, found):
                raise FileRefused(
                    None, f"it has {counted(found, 'entry', 'entries')}, and the bank shows {rows:,}"
                )
            content.seek(0)
            kept = await evidence.keep(EVIDENCE_OF_BANKS, PspAccount(bank), file.name, content)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name cannot be used"
        raise UsageError(f"the file cannot be read ({reason})") from None
    stream = await evidence.open(kept.location, kept.sha256)
    with stream:
        return await statements.keep(bank, kept, stream, parser, livemode=livemode)
