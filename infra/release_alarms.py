"""The alarms that end a release: while its tasks take over, and as long as those of the release before are kept, ECS goes back where one alarms."""

from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elb

ERRORS_MIN: Final = 10
"""In a minute: fewer say nothing."""
SHARE_MAX: Final = 0.02
"""Of the answers of tasks in a minute, that may be errors of servers (5xx). Calm minutes have none; an overload is no reason to release."""
MINUTES: Final = 2
"""How many minutes of the last three must be so."""


def errors_alarm(stack: Any, name: str, front: Any) -> Any:
    """Alarms where tasks behind a load balancer answer too many requests with 5xx. Both releases count: the old one answered before."""
    minute = cdk.Duration.minutes(1)
    return cloudwatch.Alarm(
        stack,
        f"{name.title()}ReleaseErrors",
        alarm_description=f"FinCore: more than {SHARE_MAX:.0%} of the answers behind `{name}` are errors. A release that is under way is undone.",
        metric=cloudwatch.MathExpression(
            expression=f"IF(errors >= {ERRORS_MIN}, errors / answers, 0)",
            using_metrics={
                "errors": front.metrics.http_code_target(
                    elb.HttpCodeTarget.TARGET_5XX_COUNT, statistic="Sum", period=minute
                ),
                "answers": front.metrics.request_count(statistic="Sum", period=minute),
            },
            period=minute,
        ),
        threshold=SHARE_MAX,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluation_periods=3,
        datapoints_to_alarm=MINUTES,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
