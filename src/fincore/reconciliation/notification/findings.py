"""What can be wrong between runs, each kind with its meaning and the command that tells more."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

from fincore.domain.counting import counted
from fincore.domain.currency import Currency
from fincore.reconciliation.evidence_check import EvidenceFlaw
from fincore.reconciliation.report.run_report import Mode, amount_text
from fincore.reconciliation.sources import Gap, SourceStanding

FindingKind = Literal[
    "run_failed",
    "file_waits",
    "source_unread",
    "file_late",
    "file_missing",
    "evidence_damaged",
    "evidence_unread",
    "uncleared",
]
KINDS: Final[tuple[FindingKind, ...]] = get_args(FindingKind)

WAITING_MAX: Final = timedelta(hours=1)
"""How long a file may wait for a run, and how long a good look at a source may be missing."""

EVIDENCE_IDLE_MAX: Final = timedelta(days=2)
"""How long none of the kept files may be read again while one is due for it, which is a day after it was read."""


class KindOfFinding(NamedTuple):
    """What a kind of finding means, and the command that tells more."""

    meaning: str
    next_step: str


MEANINGS: Final[Mapping[FindingKind, KindOfFinding]] = MappingProxyType(
    {
        "run_failed": KindOfFinding(
            "a run of the role refused or failed, and none has finished since", "fincore reconcile run"
        ),
        "file_waits": KindOfFinding(
            "a file has waited for an hour to be read, booked and matched", "fincore reconcile run"
        ),
        "source_unread": KindOfFinding(
            "no good look at a source for an hour after its time", "fincore reconcile sources"
        ),
        "file_late": KindOfFinding(
            "no new file came from a source in the time that is declared for it", "fincore reconcile sources"
        ),
        "file_missing": KindOfFinding(
            "between the files of an account a period or a number is missing", "fincore reconcile sources"
        ),
        "evidence_damaged": KindOfFinding(
            "a kept file is missing or was altered", "fincore reconcile evidence"
        ),
        "evidence_unread": KindOfFinding(
            "no kept file was read again for two days although one was due", "fincore reconcile evidence"
        ),
        "uncleared": KindOfFinding(
            "money is uncleared for longer than FINCORE_OPS_UNCLEARED_DAYS", "fincore reconcile uncleared"
        ),
    }
)


CLASSES_OF_FINDINGS: Final = frozenset({"file_late", "file_gap"})
"""Breaks that are findings as well, `file_late` and `file_missing`. Findings tell of them, also between runs; what tells of a run does not."""


class Finding(NamedTuple):
    """One thing that is wrong now. `subject` is the same as long as it is."""

    kind: FindingKind
    subject: str
    sentence: str
    next_step: str


class OldMoney(NamedTuple):
    """Clearing items of an account and currency that are older than they should be: what the PSP took (>= 0) and gave back (<= 0)."""

    mode: Mode
    psp: str
    psp_account: str
    currency: Currency
    items: int
    taken_minor: int
    given_back_minor: int


def failed_run(reason: str) -> Finding:
    """The last run failed."""
    return _finding(
        "run_failed", sha256(reason.encode()).hexdigest()[:16], f"Reconciliation does not run: {reason}"
    )


def waiting_file(source: str, seconds: float) -> Finding | None:
    """A file waits, as long as that has lasted."""
    if seconds <= WAITING_MAX.total_seconds():
        return None
    return _finding(
        "file_waits",
        source,
        f"A settlement file of {source} has waited for {_hours(seconds)} to be reconciled",
    )


def of_source(one: SourceStanding) -> Iterable[Finding]:
    """What is wrong with a source."""
    if one.overdue_seconds > WAITING_MAX.total_seconds():
        why = f": {one.failure}" if one.failure else ""
        yield _finding(
            "source_unread", one.source, f"{one.source} was not read for {_hours(one.overdue_seconds)}{why}"
        )
    if one.late_since is not None:
        yield _finding(
            "file_late",
            one.source,
            f"No new file came from {one.source}; one was due on {one.late_since:%Y-%m-%d %H:%M} UTC",
        )


def of_gap(gap: Gap) -> Finding:
    """What is missing between two files."""
    return _finding(
        "file_missing",
        f"{gap.source}:{gap.gap}:{gap.gap_start:%Y%m%dT%H%M%S}:{gap.gap_end:%Y%m%dT%H%M%S}",
        f"Settlement files of {gap.source} leave out {gap.sentence}",
    )


def damaged_file(one: EvidenceFlaw) -> Finding:
    """A kept file is not as it came."""
    return _finding("evidence_damaged", one.record, f"Kept file {one.record}: {one.reason}")


def unread_evidence(idle_seconds: float) -> Finding | None:
    """Kept files are not read again, as long as that has lasted."""
    if idle_seconds <= EVIDENCE_IDLE_MAX.total_seconds():
        return None
    return _finding(
        "evidence_unread",
        "all",
        f"No kept file was read again for {_hours(idle_seconds)} although one is due",
    )


def of_old_money(one: OldMoney, days: int) -> Finding:
    """What should have been cleared."""
    account = f"{one.psp}/{one.psp_account}"
    amounts = [minor for minor in (one.taken_minor, one.given_back_minor) if minor] or [0]
    return _finding(
        "uncleared",
        f"{one.mode}:{account}:{one.currency}",
        f"{' and '.join(amount_text(minor, one.currency) for minor in amounts)} of {account} ({one.mode}) is uncleared for more than {counted(days, 'day')}, "
        f"in {counted(one.items, 'item')}",
        " --live" if one.mode == "live" else "",
    )


def _finding(kind: FindingKind, of: str, sentence: str, flag: str = "") -> Finding:
    return Finding(kind, f"{kind}:{of}"[:300], sentence, MEANINGS[kind].next_step + flag)


def _hours(seconds: float) -> str:
    hours = int(seconds // 3_600)
    return counted(hours // 24, "day") if hours >= 48 else counted(hours, "hour")  # noqa: PLR2004 -- two days
