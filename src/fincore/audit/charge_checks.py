"""The invariants evaluated for one charge: what of it holds, what is broken, and what cannot be said yet. Pure.

The auditor checks the same sentences over all stores; here are those that one charge's own events, row, entries and jobs can tell.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.charge import Charge
from fincore.read.ledgerdb.queries import BookedEntry
from fincore.write.queue.port import ChargeJobState

CheckName = Literal[
    "stream_is_readable",
    "view_equals_fold",
    "refunded_within_captured",
    "succeeded_charges_took_money",
    "one_attempt_has_money",
    "reviewed_charges_await_approval",
    "money_events_have_entries",
    "entries_balance",
    "nothing_waits_in_suspense",
    "open_charges_have_work",
]
Verdict = Literal["holds", "broken", "pending"]
"""`pending`: a consumer or a job has not come so far; ask again in a minute."""

GRACE: Final = timedelta(seconds=60)
"""What is this young may be between two jobs."""


class ChargeEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the stores hold of one charge.

    `stop` says why an event cannot be applied, None where all can; `charge` is then the charge before it. `view` is its row, None
    where the view has none. `unbooked` are findings about events that the ledger has come to; it has not come to the last event
    where it `lags`. `heard_at` is when the last event was recorded.
    """

    charge: Charge | None
    versions: Sequence[int]
    stop: str | None
    view: Charge | None
    entries: Sequence[BookedEntry]
    unbooked: Sequence[str]
    ledger_lags: bool
    jobs: Sequence[ChargeJobState]
    heard_at: datetime
    now: datetime


class ChargeCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What one invariant is for a charge. `finding` is a sentence where it is broken."""

    name: CheckName
    sentence: str
    verdict: Verdict
    finding: str | None = None


Found = str | Literal[True] | None
"""A finding; True where it cannot be said yet; None where the invariant holds."""
_PENDING: Final = True
_Check = Callable[[Charge, ChargeEvidence], Found]


def _readable(_: Charge, evidence: ChargeEvidence) -> Found:
    if evidence.stop is not None:
        return evidence.stop
    if list(evidence.versions) != list(range(1, len(evidence.versions) + 1)):
        return "a version of its stream is missing"
    return None


def _view(charge: Charge, evidence: ChargeEvidence) -> Found:
    if evidence.stop is not None:
        return _PENDING
    if evidence.view is None or evidence.view.version < charge.version:
        return _PENDING
    if evidence.view == charge:
        return None
    differing = [
        name for name in Charge.__struct_fields__ if getattr(evidence.view, name) != getattr(charge, name)
    ]
    return f"the view differs from its events in {', '.join(differing)}"


def _amounts(charge: Charge, _: ChargeEvidence) -> Found:
    may_capture = charge.authorized_minor or charge.amount.amount_minor
    if 0 <= charge.refunded_minor <= charge.captured_minor <= may_capture <= charge.amount.amount_minor:
        return None
    return (
        f"refunded {charge.refunded_minor}, captured {charge.captured_minor}, authorized {charge.authorized_minor}, "
        f"asked for {charge.amount.amount_minor}"
    )


def _success(charge: Charge, _: ChargeEvidence) -> Found:
    if charge.status == "succeeded" and charge.captured_minor < 1:
        return "it succeeded, and nothing was captured"
    return None


def _attempts(charge: Charge, evidence: ChargeEvidence) -> Found:
    working = {job.attempt for job in evidence.jobs if job.kind == "attempt.reverse"}
    owed = [
        attempt.number
        for attempt in charge.abandoned_attempts
        if attempt.has_money and attempt.status != "reversal_failed" and attempt.number not in working
    ]
    if not owed:
        return None
    if evidence.now - evidence.heard_at < GRACE:
        return _PENDING
    return f"attempt {owed[0]} has money of the customer, and no job gives it back"


def _review(charge: Charge, _: ChargeEvidence) -> Found:
    if charge.is_under_review and charge.operation is not None and charge.operation.kind == "capture":
        return "a capture is asked for, and no approval came before"
    return None


def _booked(_: Charge, evidence: ChargeEvidence) -> Found:
    if evidence.unbooked:
        return "; ".join(evidence.unbooked)
    return _PENDING if evidence.ledger_lags else None


def _balance(_: Charge, evidence: ChargeEvidence) -> Found:
    for entry in evidence.entries:
        sums: Counter[str] = Counter()
        for posting in entry.postings:
            sums[posting.currency] += (
                posting.amount_minor if posting.side == "debit" else -posting.amount_minor
            )
        for currency, difference in sums.items():
            if difference:
                return f"entry {entry.entry_id}: debits minus credits are {difference} {currency}"
    return None


def _suspense(_: Charge, evidence: ChargeEvidence) -> Found:
    sums: Counter[str] = Counter()
    for entry in evidence.entries:
        for posting in entry.postings:
            if posting.account.startswith("suspense:"):
                sums[posting.currency] += (
                    posting.amount_minor if posting.side == "debit" else -posting.amount_minor
                )
    waiting = [f"{minor} {currency}" for currency, minor in sums.items() if minor]
    return f"{', '.join(waiting)} in minor units wait in suspense" if waiting else None


def _work(charge: Charge, evidence: ChargeEvidence) -> Found:
    idle: list[str] = []
    if charge.operation is not None and not any(job.kind.startswith("charge.") for job in evidence.jobs):
        idle.append(f"it waits for the PSP to {charge.operation.kind} it")
    working = {job.refund_id for job in evidence.jobs}
    idle += [
        f"refund {refund.refund_id} is in processing"
        for refund in charge.refunds
        if refund.status == "processing" and refund.refund_id not in working
    ]
    if not idle:
        return None
    return _PENDING if evidence.now - evidence.heard_at < GRACE else f"{idle[0]}, and no job names it"


CHECKS: Final[Mapping[CheckName, tuple[str, _Check]]] = MappingProxyType(
    {
        "stream_is_readable": ("Every event can be read, and follows the one before it.", _readable),
        "view_equals_fold": ("What lists show of it is what its events tell.", _view),
        "refunded_within_captured": (
            "It gave back no more than it captured, captured no more than was authorized, and authorized no more than was asked for.",
            _amounts,
        ),
        "succeeded_charges_took_money": ("It captured money if it succeeded.", _success),
        "one_attempt_has_money": (
            "Money of an abandoned attempt is being given back, by a job or by a person.",
            _attempts,
        ),
        "reviewed_charges_await_approval": (
            "No capture is asked for while it is under review.",
            _review,
        ),
        "money_events_have_entries": ("Each event that moved money is booked, with its amounts.", _booked),
        "entries_balance": ("The debits of each entry equal its credits, by currency.", _balance),
        "nothing_waits_in_suspense": ("Nothing of it waits in suspense.", _suspense),
        "open_charges_have_work": (
            "A job works on what the PSP is being asked for, or is held for a person.",
            _work,
        ),
    }
)
"""What is checked of a charge, and how, in the order in which it is shown."""


def check_charge(evidence: ChargeEvidence) -> list[ChargeCheck]:
    """All checks of a charge. Of one without a readable event only the first can be said."""
    return [_checked(name, evidence) for name in CHECKS]


def _checked(name: CheckName, evidence: ChargeEvidence) -> ChargeCheck:
    sentence, check = CHECKS[name]
    if evidence.charge is None:
        found: Found = evidence.stop if name == "stream_is_readable" else _PENDING
    else:
        found = check(evidence.charge, evidence)
    if found is None:
        return ChargeCheck(name=name, sentence=sentence, verdict="holds")
    if isinstance(found, str):
        return ChargeCheck(name=name, sentence=sentence, verdict="broken", finding=found)
    return ChargeCheck(name=name, sentence=sentence, verdict="pending")
