"""The auditor role: checks the invariants and measures seals, suspense, clearing accounts, held reports, reviews, page checks, settlement files, evidence, breaks and notices on a schedule."""

import asyncio

from fincore.audit.auditor import Auditor, Measure
from fincore.audit.verdicts import Verdicts
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import run_until
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import AgeClock
from fincore.read.ledger.suspense import measure_suspense
from fincore.read.ledgerdb.clearing import measure_unclear
from fincore.read.ledgerdb.verification import measure_altered
from fincore.read.paymentdb.review_queries import measure_reviews
from fincore.read.paymentdb.unknown_queries import measure_unknown
from fincore.reconciliation.breaks.listing import measure_breaks
from fincore.reconciliation.evidence_check import measure_evidence
from fincore.reconciliation.notification.outbox import measure_notices
from fincore.reconciliation.sources import measure_sources
from fincore.reconciliation.uncleared import measure_uncleared
from fincore.write.pages.verifications import measure_verifications
from fincore.write.psp.held_reports import measure_held_reports
from fincore.write.staff.signing_key_age import measure_signing_key


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Check until `stop`."""
    beside: dict[str, Measure] = {
        "clearing": lambda: measure_unclear(stores.ledgerdb),
        "uncleared": lambda: measure_uncleared(stores.ledgerdb, clock.now()),
        "suspense": lambda: measure_suspense(stores.ledgerdb),
        "seals": lambda: measure_altered(stores.ledgerdb),
        "held_reports": lambda: measure_held_reports(stores.eventstore),
        "unknown_outcomes": lambda: measure_unknown(stores.paymentdb, clock.now()),
        "signing_key": lambda: measure_signing_key(stores.eventstore),
        "reviews": lambda: measure_reviews(stores.paymentdb, clock.now()),
        "page_verifications": lambda: measure_verifications(stores.eventstore),
        "settlement_files": lambda: measure_sources(stores.ledgerdb),
        "evidence": lambda: measure_evidence(stores.ledgerdb),
        "breaks": lambda: measure_breaks(stores.ledgerdb),
        "notices": lambda: measure_notices(stores.ledgerdb),
    }
    audit = Auditor(
        stores,
        clock,
        interval_seconds=settings.laws_interval_seconds,
        beside=beside,
        verdicts=Verdicts(stores.eventstore),
    )
    await run_until(stop, audit.run(), audit.stop)
