"""Alerts on whether webhooks of PSPs and to merchants arrive. Pure."""

from typing import Final

from fincore.alerting.alert import Alert
from fincore.alerting.cloudwatch import MathAlarm, MetricAlarm, MetricQuery, above, grows

WEBHOOKS_ALERTS: Final = (
    Alert(
        name="PspWebhooksRefused",
        severity="page",
        expression='sum(increase(fincore_webhooks_received_total{result=~"refused_.*"}[15m])) > 5',
        meaning="FinCore refuses webhooks of a PSP. `refused_mismatch`: a secret or a clock is wrong, or they are forged. "
        "`refused_other_mode` and `refused_other_account`: the endpoint sends events of another mode or account. "
        "Compare both with the PSP's dashboard.",
        cloudwatch=MathAlarm(
            expression="FILL(m1, 0) + FILL(m2, 0) + FILL(m3, 0)",
            metrics={
                f"m{number}": MetricQuery(
                    metric="fincore_webhooks_received_total",
                    statistic="Sum",
                    dimensions={"result": f"refused_{reason}"},
                )
                for number, reason in enumerate(("mismatch", "other_mode", "other_account"), start=1)
            },
            threshold=5,
            period_seconds=900,
        ),
    ),
    Alert(
        name="PspWebhookDiffers",
        severity="ticket",
        expression='increase(fincore_webhooks_received_total{result="duplicate_differs"}[1h]) > 0',
        meaning="A PSP sent an event again with another body. The first body counts. Compare the event with the PSP's "
        "dashboard.",
        cloudwatch=grows("fincore_webhooks_received_total", 0, seconds=3600, result="duplicate_differs"),
    ),
    Alert(
        name="MerchantsToldLate",
        severity="ticket",
        expression="fincore_webhook_oldest_due_seconds > 600",
        meaning="Webhooks to merchants are more than ten minutes late. The notify role is down or overloaded, or many "
        "endpoints fail.",
        cloudwatch=above("fincore_webhook_oldest_due_seconds", 600),
    ),
    Alert(
        name="EndpointDisabled",
        severity="ticket",
        expression="increase(fincore_webhook_endpoints_disabled_total[1h]) > 0",
        meaning="FinCore disabled the webhook endpoint of a merchant because deliveries to it failed. `fincore webhooks "
        "failing` names it: tell the merchant.",
        cloudwatch=grows("fincore_webhook_endpoints_disabled_total", 0, seconds=3600),
    ),
    Alert(
        name="SecretUnreadable",
        severity="page",
        expression='increase(fincore_webhook_attempts_total{result="secret_unreadable"}[15m]) > 0',
        meaning="`FINCORE_SECRETS_KEY` is not the key that encrypted the secrets of merchants' webhooks. Set that key, or set "
        "it as `FINCORE_SECRETS_KEY_BEFORE` beside a new one.",
        cloudwatch=grows("fincore_webhook_attempts_total", 0, seconds=900, result="secret_unreadable"),
    ),
    Alert(
        name="PrivateAddressAsked",
        severity="ticket",
        expression='increase(fincore_webhook_attempts_total{result="address_forbidden"}[1h]) > 0',
        meaning="The host name of a merchant's endpoint resolves to a private address; FinCore does not connect to it. It is a "
        "mistake, or an attempt to reach your servers through FinCore.",
        cloudwatch=grows("fincore_webhook_attempts_total", 0, seconds=3600, result="address_forbidden"),
    ),
    Alert(
        name="PspWebhooksReadLate",
        severity="ticket",
        expression='max(fincore_job_oldest_due_seconds{kind="webhook.interpret"}) > 600',
        for_seconds=60,
        meaning="A webhook of a PSP has waited for ten minutes, and no worker has read it. Outcomes that only webhooks tell, "
        "such as disputes, are late.",
        cloudwatch=MetricAlarm(
            metric="fincore_job_oldest_due_seconds",
            statistic="Maximum",
            threshold=600,
            dimensions={"kind": "webhook.interpret"},
        ),
    ),
    Alert(
        name="EndpointsFailing",
        severity="ticket",
        expression='sum(rate(fincore_webhook_attempts_total{result!="2xx"}[30m])) > 0.5 * '
        "sum(rate(fincore_webhook_attempts_total[30m])) and sum(increase(fincore_webhook_attempts_total[30m])) >= 20",
        for_seconds=600,
        meaning="More than half of the attempts to deliver webhooks to merchants fail.",
        cloudwatch=MathAlarm(
            expression="IF(m1 >= 20, 1 - FILL(m2, 0) / m1, 0)",
            metrics={
                "m1": MetricQuery(metric="fincore_webhook_attempts_total", statistic="Sum"),
                "m2": MetricQuery(
                    metric="fincore_webhook_attempts_total", statistic="Sum", dimensions={"result": "2xx"}
                ),
            },
            threshold=0.5,
            period_seconds=1800,
        ),
    ),
)
