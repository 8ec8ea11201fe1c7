"""What `fincore reconcile evidence` does: it reads kept files again."""

import sys

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settlement_evidence import open_evidence
from fincore.cli.stores import on_installation
from fincore.cli.terminal import show
from fincore.domain.counting import counted
from fincore.reconciliation.evidence_check import EvidenceCheck, check_evidence


def evidence() -> None:
    """Read every kept settlement file and bank statement again and compare it with its hash; exit with 1 if one is missing or was altered."""
    found = on_installation(_check)
    show(evidence_text(found))
    if found.flawed:
        sys.exit(1)


async def _check(settings: Settings, databases: Databases) -> EvidenceCheck:
    async with open_evidence(settings) as store, operator_stores(databases, "ledgerdb") as stores:
        return await check_evidence(stores.ledgerdb, store)


def evidence_text(found: EvidenceCheck) -> str:
    """What was read, and each flaw."""
    read = f"{counted(found.files, 'kept file')} with {found.size_bytes:,} bytes read again"
    if not found.flawed:
        return f"{read}: each is as it came"
    lines = [f"{one.record}: {one.reason}" for one in found.flaws]
    if found.flawed > len(found.flaws):
        lines.append(f"only the first {len(found.flaws)} are named")
    return "\n".join([f"{read}: {found.flawed:,} are not as they came", *lines])
