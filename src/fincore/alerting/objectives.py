"""What merchants may expect of an installation, and the alerts on how fast it uses up what may fail.

The windows and rates are those of Google's SRE workbook, chapter 5: a page where 2 % of the month's errors went in an hour or 5 % in six
hours, a ticket where 10 % went in three days; each holds in a short window too, so that the alert ends soon after its cause. Pure.
"""

from typing import Final

import msgspec

from fincore.alerting.alert import Alert, Severity
from fincore.alerting.cloudwatch import CloudWatchForm, CompositeAlarm, MathAlarm, MetricQuery, PrometheusOnly


class Objective(msgspec.Struct, frozen=True, kw_only=True):
    """A share `target` of `events` is to be good, over `days` days.

    `bad` and `events` are PromQL with the window left out, as `WINDOW`; both count. No alert comes of fewer than `bad_min` bad events in
    the long window. `name` begins the names of its two alerts.
    """

    name: str
    about: str
    target: float
    days: int = 30
    bad: str
    events: str
    bad_min: int = 5
    cloudwatch: tuple[str, dict[str, MetricQuery]] | str
    """The share of bad events as metric math, or what to use instead."""


class Burn(msgspec.Struct, frozen=True):
    """Alert where errors come `rate` times as fast as would use up the month's in a month, over both windows, in seconds."""

    rate: float
    long_seconds: int
    short_seconds: int


PAGES: Final = (Burn(14.4, 3_600, 300), Burn(6.0, 21_600, 1_800))
TICKETS: Final = (Burn(1.0, 259_200, 21_600),)
_DAY_SECONDS: Final = 86_400

_ACCEPTED: Final = 'fincore_merchant_requests_total{mode="live",purpose="accept"'
_OUTCOMES: Final = 'fincore_charge_outcome_seconds_%s{mode="live",way="direct"%s}'
_SECONDS: Final = 'fincore_merchant_request_seconds_%s{mode="live",purpose="accept"%s}'
_WITHIN_HALF_A_SECOND: Final = _SECONDS % ("bucket", ',le="0.5"')
_WITHIN_THIRTY_SECONDS: Final = _OUTCOMES % ("bucket", ',le="30.0"')
_DIMENSIONS: Final = {"mode": "live", "purpose": "accept"}

OBJECTIVES: Final = (
    Objective(
        name="AcceptErrors",
        about="Requests in live mode that write are answered, other than by a 5xx",
        target=0.999,
        bad=f'sum(increase({_ACCEPTED},result=~"unavailable|failed"}}[WINDOW]))',
        events=f'sum(increase({_ACCEPTED},result=~"answered|unavailable|failed"}}[WINDOW]))',
        cloudwatch=(
            "(FILL(m1, 0) + FILL(m2, 0)) / (FILL(m1, 0) + FILL(m2, 0) + m3)",
            {
                f"m{number}": MetricQuery(
                    metric="fincore_merchant_requests_total", statistic="Sum", dimensions=_DIMENSIONS | result
                )
                for number, result in enumerate(
                    ({"result": "unavailable"}, {"result": "failed"}, {"result": "answered"}), start=1
                )
            },
        ),
    ),
    Objective(
        name="AcceptSlow",
        about="Requests in live mode that write are answered within 500 ms, but for those that wait for an outcome",
        target=0.99,
        bad=f"(sum(increase({_SECONDS % ('count', '')}[WINDOW])) "
        f"- sum(increase({_WITHIN_HALF_A_SECOND}[WINDOW])))",
        events=f"sum(increase({_SECONDS % ('count', '')}[WINDOW]))",
        cloudwatch="An alarm on the 99th percentile of `TargetResponseTime` of the load balancer: CloudWatch keeps no buckets of histograms.",
    ),
    Objective(
        name="OutcomesLate",
        about="Charges in live mode for which no customer has to act have an outcome within 30 s",
        target=0.99,
        bad=f"(sum(increase({_OUTCOMES % ('count', '')}[WINDOW])) "
        f"- sum(increase({_WITHIN_THIRTY_SECONDS}[WINDOW])))",
        events=f"sum(increase({_OUTCOMES % ('count', '')}[WINDOW]))",
        cloudwatch="The alarms of UnknownOutcomeOld and JobsLate: CloudWatch keeps no buckets of histograms.",
    ),
)


def burn_alerts(objective: Objective) -> tuple[Alert, Alert]:
    """The page and the ticket of an objective."""
    return (
        _alert(objective, "page", PAGES, f"{objective.name}Burn", "fast"),
        _alert(objective, "ticket", TICKETS, f"{objective.name}BurnSlowly", "slowly and for days"),
    )


def _alert(objective: Objective, severity: Severity, burns: tuple[Burn, ...], name: str, pace: str) -> Alert:
    return Alert(
        name=name,
        severity=severity,
        expression=" or ".join(_burns(objective, one) for one in burns),
        for_seconds=60,
        meaning=f"{objective.about}: that is to hold for {100 * objective.target:g} % over {objective.days} days, and what may fail is used up {pace}.",
        cloudwatch=_cloudwatch(objective, burns),
    )


def _burns(objective: Objective, burn: Burn) -> str:
    share = f"{burn.rate * (1 - objective.target):.6g}"
    windows = (f"{burn.long_seconds // 60}m", f"{burn.short_seconds // 60}m")
    beyond = " and ".join(
        f"{objective.bad.replace('WINDOW', window)} > {share} * {objective.events.replace('WINDOW', window)}"
        for window in windows
    )
    return f"({beyond} and {objective.bad.replace('WINDOW', windows[0])} > {objective.bad_min})"


def _cloudwatch(objective: Objective, burns: tuple[Burn, ...]) -> CloudWatchForm:
    if isinstance(objective.cloudwatch, str):
        return PrometheusOnly(substitute=objective.cloudwatch)
    expression, metrics = objective.cloudwatch

    def over(seconds: int, rate: float) -> MathAlarm:
        period_seconds = min(seconds, _DAY_SECONDS)
        return MathAlarm(
            expression=expression,
            metrics=metrics,
            threshold=round(rate * (1 - objective.target), 6),
            period_seconds=period_seconds,
            periods=seconds // period_seconds,
        )

    return CompositeAlarm(
        any_of=tuple((over(one.long_seconds, one.rate), over(one.short_seconds, one.rate)) for one in burns)
    )


BURN_ALERTS: Final = tuple(alert for objective in OBJECTIVES for alert in burn_alerts(objective))
