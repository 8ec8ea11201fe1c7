"""What merchants may expect of an installation, and the alerts on how fast it uses up what may fail.

The windows and rates are those of Google's SRE workbook, chapter 5: a page where 2 % of the month's errors went in an hour or 5 % in six
hours, a ticket where 10 % went in three days; each holds in a short window too, so that the alert ends soon after its cause. Pure.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from fincore.alerting.alert import Alert, Severity
from fincore.alerting.cloudwatch import CompositeAlarm, MathAlarm, MetricQuery


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Bad events and all events of an objective as metric math over metrics."""

    bad: str
    events: str
    metrics: Mapping[str, MetricQuery]


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
    cloudwatch: Counted


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


def _beyond_bucket(histogram: str, *, le: str, **dimensions: str) -> Counted:
    """Events that took longer than a bucket of a histogram counts. A process that does not run on prints no bucket that did not grow."""
    return Counted(
        bad="(m1 - FILL(m2, 0))",
        events="m1",
        metrics={
            "m1": MetricQuery(metric=f"{histogram}_count", statistic="Sum", dimensions=dimensions),
            "m2": MetricQuery(
                metric=f"{histogram}_bucket", statistic="Sum", dimensions={**dimensions, "le": le}
            ),
        },
    )


OBJECTIVES: Final = (
    Objective(
        name="AcceptErrors",
        about="Requests in live mode that write are answered, other than by a 5xx",
        target=0.999,
        bad=f'sum(increase({_ACCEPTED},result=~"unavailable|failed"}}[WINDOW]))',
        events=f'sum(increase({_ACCEPTED},result=~"answered|unavailable|failed"}}[WINDOW]))',
        cloudwatch=Counted(
            bad="(FILL(m1, 0) + FILL(m2, 0))",
            events="(FILL(m1, 0) + FILL(m2, 0) + FILL(m3, 0))",
            metrics={
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
        cloudwatch=_beyond_bucket("fincore_merchant_request_seconds", le="0.5", **_DIMENSIONS),
    ),
    Objective(
        name="OutcomesLate",
        about="Charges in live mode for which no customer has to act have an outcome within 30 s",
        target=0.99,
        bad=f"(sum(increase({_OUTCOMES % ('count', '')}[WINDOW])) "
        f"- sum(increase({_WITHIN_THIRTY_SECONDS}[WINDOW])))",
        events=f"sum(increase({_OUTCOMES % ('count', '')}[WINDOW]))",
        cloudwatch=_beyond_bucket("fincore_charge_outcome_seconds", le="30.0", mode="live", way="direct"),
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


def _cloudwatch(objective: Objective, burns: tuple[Burn, ...]) -> CompositeAlarm:
    counted = objective.cloudwatch

    def over(seconds: int, rate: float, bad_min: int) -> MathAlarm:
        period_seconds = min(seconds, _DAY_SECONDS)
        return MathAlarm(
            expression=f"IF({counted.bad} > {bad_min}, {counted.bad} / {counted.events}, 0)",
            metrics=counted.metrics,
            threshold=round(rate * (1 - objective.target), 6),
            period_seconds=period_seconds,
            periods=seconds // period_seconds,
        )

    return CompositeAlarm(
        any_of=tuple(
            (over(one.long_seconds, one.rate, objective.bad_min), over(one.short_seconds, one.rate, 0))
            for one in burns
        ),
        besides="Each of the days is beyond, where Prometheus looks at their sum"
        if any(one.long_seconds > _DAY_SECONDS for one in burns)
        else "",
    )


BURN_ALERTS: Final = tuple(alert for objective in OBJECTIVES for alert in burn_alerts(objective))
