"""Alerts on whether work is done: jobs, consumers, parked charges. Pure."""

from typing import Final

from fincore.alerting.alert import Alert
from fincore.alerting.cloudwatch import MathAlarm, MetricAlarm, MetricQuery, above

WORK_ALERTS: Final = (
    Alert(
        name="ConsumerLags",
        severity="ticket",
        expression="fincore_consumer_lag_seconds > 10",
        for_seconds=60,
        meaning="Lists, books, webhooks or the outcomes that risk rules count are behind the log. The role is overloaded, or a "
        "long transaction on the event store's server holds readers back.",
        cloudwatch=above("fincore_consumer_lag_seconds", 10),
    ),
    Alert(
        name="RelayLags",
        severity="page",
        expression="fincore_relay_event_lag_seconds > 60",
        for_seconds=60,
        meaning="The stream outside PostgreSQL has not taken an event for a minute: what follows the stream stands still. Nothing is lost, the "
        "log has it.",
        cloudwatch=above("fincore_relay_event_lag_seconds", 60),
    ),
    Alert(
        name="JobRelayLags",
        severity="page",
        expression="fincore_relay_job_lag_seconds > 60",
        for_seconds=60,
        meaning="A job has been due for a minute, and the queue outside PostgreSQL has taken no message about it: workers that wait for messages do not begin it. "
        "Nothing is lost, the job is in PostgreSQL.",
        cloudwatch=above("fincore_relay_job_lag_seconds", 60),
    ),
    Alert(
        name="ChargeParked",
        severity="page",
        expression="fincore_parked_streams > 0",
        meaning="A consumer no longer follows a charge because it cannot apply an event. `fincore parked list` names the "
        "charge, the event and the reason.",
        cloudwatch=above("fincore_parked_streams", 0),
    ),
    Alert(
        name="JobsHeld",
        severity="page",
        expression='fincore_jobs{status="held"} > 0',
        for_seconds=60,
        meaning="A job has failed for good and waits for a person. `fincore jobs dead` gives the reason.",
        cloudwatch=MetricAlarm(
            metric="fincore_jobs", statistic="Maximum", threshold=0, dimensions={"status": "held"}
        ),
    ),
    Alert(
        name="JobsQueue",
        severity="ticket",
        expression='fincore_jobs{status="queued"} > 1000 and deriv(fincore_jobs{status="queued"}[5m]) > 0',
        for_seconds=300,
        meaning="Jobs arrive faster than the workers finish them. Too few workers run, or the PSP is slow "
        "(`fincore_psp_call_seconds`).",
        cloudwatch=MathAlarm(
            expression="IF(RATE(m1) > 0, m1, 0)",
            metrics={
                "m1": MetricQuery(metric="fincore_jobs", statistic="Maximum", dimensions={"status": "queued"})
            },
            threshold=1000,
            periods=5,
        ),
    ),
    Alert(
        name="JobsLate",
        severity="page",
        expression='max by (kind) (fincore_job_oldest_due_seconds{kind!="webhook.interpret"}) > 300',
        for_seconds=60,
        meaning="A job has been due for five minutes, and no worker has begun it: charges, refunds or inquiries stand still.",
        cloudwatch=above("fincore_job_oldest_due_seconds", 300),
    ),
)
