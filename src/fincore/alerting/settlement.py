"""Alerts on settlement files, reconciliation, its evidence and its notices. Pure."""

from typing import Final

from fincore.alerting.alert import Alert
from fincore.alerting.cloudwatch import MathAlarm, MetricAlarm, MetricQuery, above, grows

SETTLEMENT_ALERTS: Final = (
    Alert(
        name="SettlementSourceUnread",
        severity="ticket",
        expression="max by (source) (fincore_settlement_look_overdue_seconds) > 3600",
        meaning="FinCore has not read a source of settlement files for an hour after its time. `fincore reconcile sources` "
        "says why; where it says nothing, the role `reconciliation` does not run. A host key that is not pinned may be "
        "an attack: ask the PSP.",
        cloudwatch=above("fincore_settlement_look_overdue_seconds", 3600),
    ),
    Alert(
        name="SettlementFileLate",
        severity="ticket",
        expression="max by (source) (fincore_settlement_file_late_seconds) > 0",
        meaning="No new settlement file came from a source within the time that is declared for it. Look whether the PSP has "
        "made one, and ask it for the file if it has not.",
        cloudwatch=above("fincore_settlement_file_late_seconds", 0),
    ),
    Alert(
        name="SettlementFileMissing",
        severity="ticket",
        expression="max by (source) (fincore_settlement_file_gaps) > 0",
        for_seconds=3600,
        meaning="Between the settlement files of an account a period or a number of a sequence is missing, its last one too. "
        "`fincore reconcile sources` names it: ask the PSP for that file.",
        cloudwatch=MetricAlarm(
            metric="fincore_settlement_file_gaps",
            statistic="Maximum",
            threshold=0,
            period_seconds=300,
            periods=12,
        ),
    ),
    Alert(
        name="SettlementFileRefused",
        severity="ticket",
        expression='max by (source) (fincore_settlement_files{state="refused"}) > 0',
        meaning="FinCore does not understand a settlement file, and booked nothing of it. `fincore reconcile files "
        "--status=refused` has the line and the reason; `fincore reconcile read-again` and `fincore reconcile dismiss` "
        "decide about it.",
        cloudwatch=MetricAlarm(
            metric="fincore_settlement_files",
            statistic="Maximum",
            threshold=0,
            dimensions={"state": "refused"},
        ),
    ),
    Alert(
        name="SettlementFileWaits",
        severity="page",
        expression="max by (source) (fincore_settlement_file_waiting_seconds) > 3600",
        meaning="A settlement file came an hour ago, and is still not read, booked and matched: nothing that it states is "
        "compared with the ledger. `fincore reconcile run` does so now and names what keeps a file back; so does the "
        "log of the role `reconciliation`.",
        cloudwatch=above("fincore_settlement_file_waiting_seconds", 3600),
    ),
    Alert(
        name="ReconciliationFails",
        severity="page",
        expression='sum(increase(fincore_reconciliation_runs_total{result="failed"}[1h])) > 0',
        meaning="A run of reconciliation ended with an error; settlement files are fetched, and what a run does after the "
        "error is not done. The log line `reconciliation.run_failed` has the reason; `fincore reconcile run` tries it "
        "again.",
        cloudwatch=grows("fincore_reconciliation_runs_total", 0, seconds=3600, result="failed"),
    ),
    Alert(
        name="ReconciliationStops",
        severity="page",
        expression='max(fincore_settlement_good_timestamp_seconds{step="fetched"}) > '
        "max(fincore_reconciliation_finished_timestamp_seconds) and time() - "
        "max(fincore_reconciliation_finished_timestamp_seconds) > 3600",
        for_seconds=3600,
        meaning="Sources of settlement files are read, and no run of reconciliation has ended for an hour since: new money, "
        "late money and statements of banks are compared with nothing. The log lines `settlement.use_interrupted` and "
        "`reconciliation.run_failed` of the role `reconciliation` have the reason, most often a ledger that is behind "
        "or a statement that takes too long; `fincore reconcile run` tries it again.",
        cloudwatch=MathAlarm(
            expression="IF(m1 > m2 AND EPOCH(m2) - m2 > 3600, 1, 0)",
            metrics={
                "m1": MetricQuery(
                    metric="fincore_settlement_good_timestamp_seconds",
                    statistic="Maximum",
                    dimensions={"step": "fetched"},
                ),
                "m2": MetricQuery(
                    metric="fincore_reconciliation_finished_timestamp_seconds", statistic="Maximum"
                ),
            },
            threshold=0,
            period_seconds=300,
            periods=12,
        ),
    ),
    Alert(
        name="BreaksOpen",
        severity="ticket",
        expression="max by (class, mode) (fincore_breaks_open) > 0",
        meaning="A statement of a PSP and the ledger differ. `fincore reconcile breaks --status=open` lists the open breaks, "
        "and `fincore reconcile show` says what to do about one.",
        cloudwatch=above("fincore_breaks_open", 0),
    ),
    Alert(
        name="SettlementFileReplaced",
        severity="ticket",
        expression='max by (source) (fincore_settlement_files{state="replacing"}) > 0',
        meaning="A PSP sent other content under the name of an earlier settlement file. Both are kept, and the new one is not "
        "booked. Compare the two, and decide with `fincore reconcile release` or `fincore reconcile dismiss`.",
        cloudwatch=MetricAlarm(
            metric="fincore_settlement_files",
            statistic="Maximum",
            threshold=0,
            dimensions={"state": "replacing"},
        ),
    ),
    Alert(
        name="SettlementFileDoubled",
        severity="ticket",
        expression='max by (source) (delta(fincore_settlement_files{state="doubled"}[1h])) > 0',
        meaning="A PSP sent the content of an earlier settlement file again. It is booked once. Where a file of another day "
        "was expected, ask the PSP for that one.",
        cloudwatch=MathAlarm(
            expression="DIFF(m1)",
            metrics={
                "m1": MetricQuery(
                    metric="fincore_settlement_files", statistic="Maximum", dimensions={"state": "doubled"}
                )
            },
            threshold=0,
            period_seconds=3600,
        ),
    ),
    Alert(
        name="EvidenceDamaged",
        severity="page",
        expression='max(fincore_evidence_files{state="damaged"}) > 0',
        meaning="A kept settlement file or statement of a bank is missing, or is not as it came. `fincore reconcile evidence` "
        "names it. Treat it as an incident: find out who could write to the store, and restore the file from a backup.",
        cloudwatch=MetricAlarm(
            metric="fincore_evidence_files", statistic="Maximum", threshold=0, dimensions={"state": "damaged"}
        ),
    ),
    Alert(
        name="EvidenceNotRead",
        severity="ticket",
        expression="max(fincore_evidence_idle_seconds) > 172800",
        meaning="No kept file was read again for two days although one was due, so that damage would not be seen: the role "
        "`reconciliation` does not run, or cannot read the store. Its log lines `reconciliation.evidence_unavailable` "
        "and `reconciliation.evidence_unread` have the reason.",
        cloudwatch=above("fincore_evidence_idle_seconds", 172800),
    ),
    Alert(
        name="OpsNoticeDead",
        severity="ticket",
        expression='max by (channel) (fincore_ops_notices{state="dead"}) > 0',
        meaning="A notice of reconciliation to operations was given up on a channel. `fincore reconcile notices` has the "
        "notice and the reason; mend the channel, and try it with `fincore reconcile notify`.",
        cloudwatch=MetricAlarm(
            metric="fincore_ops_notices", statistic="Maximum", threshold=0, dimensions={"state": "dead"}
        ),
    ),
    Alert(
        name="OpsRecipientsRefused",
        severity="ticket",
        expression="sum(increase(fincore_ops_notice_recipients_refused_total[1d])) > 0",
        meaning="The mail server takes notices of reconciliation for some recipients of `FINCORE_OPS_EMAIL_TO`, and refuses "
        "others for good. Correct the addresses, and try them with `fincore reconcile notify`.",
        cloudwatch=grows("fincore_ops_notice_recipients_refused_total", 0, seconds=86400),
    ),
    Alert(
        name="OpsNoticesLate",
        severity="ticket",
        expression="max by (channel) (fincore_ops_notice_oldest_seconds) > 3600",
        meaning="A notice of reconciliation to operations has waited for an hour. The channel does not take it, or the role "
        "`reconciliation` does not run. `fincore reconcile notices` has the reason.",
        cloudwatch=above("fincore_ops_notice_oldest_seconds", 3600),
    ),
    Alert(
        name="OpsNoticesFail",
        severity="ticket",
        expression="max(fincore_ops_notice_look_age_seconds) > 1800 and count(fincore_settlement_look_overdue_seconds) > 0",
        meaning="No look for what operations are to be told has ended well for half an hour: looks fail, hang, or are not "
        "made, so that no run and no finding is told. The log lines `reconciliation.notices_failed` and "
        "`reconciliation.notices_interrupted` of the role `reconciliation` have the error; where there are none, start "
        "the role again.",
        cloudwatch=above("fincore_ops_notice_look_age_seconds", 1800),
    ),
    Alert(
        name="ReconciliationNotRun",
        severity="ticket",
        expression="time() - max(fincore_reconciliation_finished_timestamp_seconds) > 93600 and on() "
        "count(fincore_settlement_look_overdue_seconds) > 0",
        for_seconds=3600,
        meaning="No run of reconciliation has ended for 26 hours, although sources of settlement files are declared.",
        cloudwatch=MathAlarm(
            expression="EPOCH(m1) - m1",
            metrics={
                "m1": MetricQuery(
                    metric="fincore_reconciliation_finished_timestamp_seconds", statistic="Maximum"
                )
            },
            threshold=93600,
            period_seconds=300,
            periods=12,
        ),
    ),
)
