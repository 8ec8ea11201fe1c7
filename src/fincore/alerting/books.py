"""Alerts on whether money is where it belongs: invariants, seals, suspense, what statements leave out. Pure."""

from typing import Final

from fincore.alerting.alert import Alert
from fincore.alerting.cloudwatch import CompositeAlarm, MathAlarm, MetricAlarm, MetricQuery, above

INVARIANTS_THAT_CAN_WAIT: Final = (
    "nothing_waits_in_suspense",
    "wanted_events_have_deliveries",
)
"""A violation of these is a `ticket`; of any other it is a `page`, also of one added later."""
_CAN_WAIT: Final = "|".join(INVARIANTS_THAT_CAN_WAIT)

BOOKS_ALERTS: Final = (
    Alert(
        name="InvariantBroken",
        severity="page",
        expression=f'fincore_law_violations{{law!~"{_CAN_WAIT}"}} > 0',
        meaning="Stored data breaks an invariant. Run `fincore check`: it names the rows. Stop what writes there, and leave "
        "the data as it is.",
        cloudwatch=MathAlarm(
            expression="m1 - m2 - m3",
            metrics={
                "m1": MetricQuery(metric="fincore_law_violations", statistic="Sum"),
                **{
                    f"m{number}": MetricQuery(
                        metric="fincore_law_violations", statistic="Sum", dimensions={"law": law}
                    )
                    for number, law in enumerate(INVARIANTS_THAT_CAN_WAIT, start=2)
                },
            },
            threshold=0,
        ),
    ),
    Alert(
        name="InvariantBrokenCanWait",
        severity="ticket",
        expression=f'fincore_law_violations{{law=~"{_CAN_WAIT}"}} > 0',
        meaning="Money is in suspense, or a merchant was not notified of an event. Run `fincore check`: it names the rows.",
        cloudwatch=CompositeAlarm(
            any_of=tuple((above("fincore_law_violations", 0, law=law),) for law in INVARIANTS_THAT_CAN_WAIT)
        ),
    ),
    Alert(
        name="InvariantUnchecked",
        severity="page",
        expression="fincore_audit_unchecked > 0",
        meaning="An invariant could not be checked or a figure not measured, so its state is unknown. The auditor's log and "
        "`fincore check` give the reason.",
        cloudwatch=above("fincore_audit_unchecked", 0),
    ),
    Alert(
        name="InvariantsNotChecked",
        severity="page",
        expression="time() - max by (what) (last_over_time(fincore_laws_checked_timestamp_seconds[12h])) > 21600",
        for_seconds=1800,
        meaning="No auditor has checked an invariant, or measured a figure, for six hours; `what` names it. Another auditor that "
        "works does not check it. Expect this alert where FINCORE_LAWS_INTERVAL_SECONDS is longer than that.",
        cloudwatch=MathAlarm(
            expression="EPOCH(m1) - m1",
            metrics={"m1": MetricQuery(metric="fincore_laws_checked_timestamp_seconds", statistic="Minimum")},
            threshold=21600,
            periods=30,
        ),
    ),
    Alert(
        name="LedgerAltered",
        severity="page",
        expression="fincore_ledger_altered_rows > 0",
        meaning="Rows of the ledger differ from what was sealed. Run `fincore ledger verify --all`: it names them. Treat it as "
        "an incident.",
        cloudwatch=above("fincore_ledger_altered_rows", 0),
    ),
    Alert(
        name="MoneyInSuspense",
        severity="ticket",
        expression="fincore_ledger_suspense_minor != 0",
        meaning="Money moved in a way that makes no sense. `fincore ledger suspense` gives the reason. Find out who owns it, "
        "then book it with `fincore ledger clear`.",
        cloudwatch=CompositeAlarm(
            any_of=(
                (above("fincore_ledger_suspense_minor", 0),),
                (
                    MetricAlarm(
                        metric="fincore_ledger_suspense_minor",
                        statistic="Minimum",
                        comparison="<",
                        threshold=0,
                    ),
                ),
            )
        ),
    ),
    Alert(
        name="ClearingTooOld",
        severity="ticket",
        expression="max by (mode, psp, psp_account, currency) (fincore_uncleared_age_seconds) > 1209600",
        meaning="A PSP took money more than 14 days ago, and no statement has told of it. `fincore reconcile uncleared` shows "
        "how much by age; where settlement files are fetched, `fincore reconcile breaks` names each item. Compare the "
        "account with the PSP's payouts.",
        cloudwatch=above("fincore_uncleared_age_seconds", 1209600),
    ),
    Alert(
        name="StatementMissesItems",
        severity="ticket",
        expression="max by (mode, psp, psp_account, currency) (fincore_uncleared_overdue_items) > 0",
        for_seconds=3600,
        meaning="The ledger has payments, refunds or fees of an account that its statements should have told of by now. "
        "`fincore reconcile breaks` names them once a run has compared the statement; where it does not, no run has "
        "for days: look at `fincore reconcile sources` and at the log of the role `reconciliation`.",
        cloudwatch=MetricAlarm(
            metric="fincore_uncleared_overdue_items",
            statistic="Maximum",
            threshold=0,
            period_seconds=300,
            periods=12,
        ),
    ),
)
