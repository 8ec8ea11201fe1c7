"""What is counted of settlement files and their sources."""

from math import nan
from typing import Final

from prometheus_client import Counter, Gauge

LOOK_OVERDUE_SECONDS: Final = Gauge(
    "fincore_settlement_look_overdue_seconds",
    "How long a good look at a source of settlement files is missing by its schedule; 0 where none is.",
    ["source"],
)
LATE_SECONDS: Final = Gauge(
    "fincore_settlement_file_late_seconds",
    "How long a further settlement file of a source is overdue; 0 where none is.",
    ["source"],
)
FILES: Final = Gauge(
    "fincore_settlement_files",
    "Settlement files of a source by state: `kept`, `refused`, `read`, `booked`, `dismissed`; `replacing`, of the kept those that wait because they "
    "came under the name of an earlier file; `doubled`, arrivals of a content that was there before.",
    ["source", "state"],
)
GAPS: Final = Gauge(
    "fincore_settlement_file_gaps",
    "Periods and numbers that are missing between or after the settlement files of a source that were read.",
    ["source"],
)
WAITING_SECONDS: Final = Gauge(
    "fincore_settlement_file_waiting_seconds",
    "How long a settlement file of a source waits to be read, booked or matched, that which waits longest; 0 where none does.",
    ["source"],
)
GOOD_AT: Final = Gauge(
    "fincore_settlement_good_timestamp_seconds",
    "When a source of settlement files was last read without a failure (`fetched`), and when the last run ended that took up a file of it "
    "(`reconciled`), in seconds since 1970; 0: never.",
    ["source", "step"],
)
FINISHED_AT: Final = Gauge(
    "fincore_reconciliation_finished_timestamp_seconds",
    "When the last run of reconciliation ended with all of its events in the log, in seconds since 1970; 0: never.",
)
UNCLEARED_MINOR: Final = Gauge(
    "fincore_uncleared_minor",
    "What a PSP took or gave back that no line of a statement has matched, by its age in whole days, in minor units of the currency.",
    ["mode", "psp", "psp_account", "currency", "days"],
)
UNCLEARED_ITEMS: Final = Gauge(
    "fincore_uncleared_items",
    "Clearing items that no line of a statement has matched, by their age in whole days.",
    ["mode", "psp", "psp_account", "currency", "days"],
)
UNCLEARED_AGE_SECONDS: Final = Gauge(
    "fincore_uncleared_age_seconds",
    "Age of the oldest clearing item that no line of a statement has matched.",
    ["mode", "psp", "psp_account", "currency"],
)
UNCLEARED_OVERDUE: Final = Gauge(
    "fincore_uncleared_overdue_items",
    "Clearing items that a statement should have told of by now, and no line has matched.",
    ["mode", "psp", "psp_account", "currency"],
)
BREAKS: Final = Gauge(
    "fincore_breaks_open",
    "Open breaks by class and mode: `live`, `test`.",
    ["class", "mode"],
)
BREAKS_ANSWERED: Final = Gauge(
    "fincore_breaks_answered",
    "Breaks that are not closed and that a person has answered, by class, mode and status: `explained`, `claimed`.",
    ["class", "mode", "status"],
)
EVIDENCE_FILES: Final = Gauge(
    "fincore_evidence_files",
    "Kept settlement files and statements of banks by what was found when they were last read again: `good`, `damaged`; `unread`: never yet.",
    ["state"],
)
EVIDENCE_IDLE_SECONDS: Final = Gauge(
    "fincore_evidence_idle_seconds",
    "How long no kept file was read again although one was due for it; 0 where none is.",
)
LOOKS: Final = Counter(
    "fincore_settlement_looks_total",
    "Looks at a source of settlement files by result: `good`, `failed`.",
    ["source", "result"],
)
ARRIVALS: Final = Counter(
    "fincore_settlement_arrivals_total",
    "Settlement files fetched, by finding: `new`, `doubled`, `replaced`.",
    ["source", "finding"],
)
RUNS: Final = Counter(
    "fincore_reconciliation_runs_total",
    "Runs of reconciliation that the role `reconciliation` began, by result: `good`, `failed`; `interrupted`: by an outage, or as the "
    "ledger was behind, and begun again.",
    ["result"],
)

# A process that has not looked says so: 0 would be an answer.
FINISHED_AT.set(nan)
NOTICES: Final = Gauge(
    "fincore_ops_notices",
    "Notices to operations by channel and state: `waiting` to be sent, `dead`: given up within a day.",
    ["channel", "state"],
)
NOTICE_OLDEST_SECONDS: Final = Gauge(
    "fincore_ops_notice_oldest_seconds",
    "How long the notice to operations has waited on a channel that waits longest; 0 where none does.",
    ["channel"],
)
NOTICE_ATTEMPTS: Final = Counter(
    "fincore_ops_notice_attempts_total",
    "Attempts to send a notice to operations, by channel and result: `sent`, `failed`.",
    ["channel", "result"],
)
NOTICE_LOOKS: Final = Counter(
    "fincore_ops_notice_looks_total",
    "Looks for what operations are to be told, by result: `good`, `failed`.",
    ["result"],
)
NOTICE_LOOK_AGE_SECONDS: Final = Gauge(
    "fincore_ops_notice_look_age_seconds",
    "How long ago the last look for what operations are to be told ended, of those that made every notice there was to make.",
)
NOTICE_LOOK_AGE_SECONDS.set(nan)
EVIDENCE_IDLE_SECONDS.set(nan)
NOTICE_RECIPIENTS_REFUSED: Final = Counter(
    "fincore_ops_notice_recipients_refused_total",
    "Recipients that the mail server refused for good while it took a notice for others.",
)
