"""Alerts on payments: outcomes, corrections, held reports, reviews, and acts of staff that are not carried out. Pure."""

from typing import Final

from fincore.alerting.alert import Alert
from fincore.alerting.cloudwatch import MathAlarm, MetricAlarm, MetricQuery, above, grows

_OUTCOMES: Final = "(FILL(m1, 0) + FILL(m2, 0) + FILL(m3, 0))"
_HALF_REFUSED: Final = MathAlarm(
    expression=f"IF({_OUTCOMES} >= 50, FILL(m1, 0) / {_OUTCOMES}, 1)",
    metrics={
        f"m{number}": MetricQuery(
            metric="fincore_charge_outcomes_total",
            statistic="Sum",
            dimensions={"mode": "live", "outcome": outcome},
        )
        for number, outcome in enumerate(("approved", "declined", "failed"), start=1)
    },
    comparison="<",
    threshold=0.5,
    period_seconds=3_600,
    besides="CloudWatch compares no metric with itself a week before: this one is of all PSPs together, and of half of their charges. "
    "A smaller fall, or that of one PSP among several, is seen by Prometheus alone",
)

PAYMENTS_ALERTS: Final = (
    Alert(
        name="ProposalNotCarriedOut",
        severity="page",
        expression="fincore_proposal_agreed_seconds > 300",
        meaning="Two people of staff agreed on an act, and FinCore has not carried it out for five minutes. The log of the "
        "role staff says why at each attempt: `staff.proposal_waits` or `staff.proposal_failed`.",
        cloudwatch=above("fincore_proposal_agreed_seconds", 300),
    ),
    Alert(
        name="ReportsHeld",
        severity="ticket",
        expression="fincore_reports_held > 0",
        meaning="A PSP reported something about a charge that FinCore cannot apply; until a person decides, the charge cannot "
        "be refunded. `fincore reports list` gives the reason.",
        cloudwatch=above("fincore_reports_held", 0),
    ),
    Alert(
        name="ReportHeldTooLong",
        severity="page",
        expression="fincore_report_held_oldest_seconds > 86400",
        meaning="A report has been held for a day. Compare the payment with the PSP's dashboard, then run `fincore reports "
        "read-again` or `fincore reports release`.",
        cloudwatch=above("fincore_report_held_oldest_seconds", 86400),
    ),
    Alert(
        name="ReviewDecidedSoon",
        severity="ticket",
        expression="fincore_reviews_due_soon > 0",
        meaning="A charge under review is decided without a person within four hours, as FINCORE_RISK_UNDECIDED_REVIEW says. "
        "`fincore risk cases list` shows it first.",
        cloudwatch=above("fincore_reviews_due_soon", 0),
    ),
    Alert(
        name="ReviewedChargeCaptured",
        severity="page",
        expression="fincore_reviewed_charges_captured_by_psp > 0",
        meaning="A PSP took the money of a charge under review although it was asked to hold it. `fincore risk cases list` "
        "names the charge: have the merchant refund it, or approve it.",
        cloudwatch=above("fincore_reviewed_charges_captured_by_psp", 0),
    ),
    Alert(
        name="ReviewsUndecided",
        severity="ticket",
        expression="increase(fincore_reviews_decided_automatically_total[1h]) > 0",
        meaning="The time of a review was over before a person decided: the charge was declined, or approved, without one. "
        "`fincore risk cases list` with `--status declined` names such charges.",
        cloudwatch=grows("fincore_reviews_decided_automatically_total", 0, seconds=3600),
    ),
    Alert(
        name="OutcomesUnknown",
        severity="page",
        expression="sum(increase(fincore_outcomes_unknown_total[1h])) - (sum(increase(fincore_outcomes_resolved_total[1h])) or "
        "vector(0)) > 10",
        for_seconds=300,
        meaning="The PSP does not answer calls, and inquiries do not find out what became of them. `fincore charges unknown` "
        "lists the open operations.",
        cloudwatch=MathAlarm(
            expression="FILL(m1, 0) - FILL(m2, 0)",
            metrics={
                "m1": MetricQuery(metric="fincore_outcomes_unknown_total", statistic="Sum"),
                "m2": MetricQuery(metric="fincore_outcomes_resolved_total", statistic="Sum"),
            },
            threshold=10,
            period_seconds=3600,
        ),
    ),
    Alert(
        name="Corrected",
        severity="ticket",
        expression="increase(fincore_corrections_total[1h]) > 0",
        meaning="The PSP's own record contradicts the end that FinCore had recorded for a charge or refund. `fincore charges "
        "show` prints its history.",
        cloudwatch=grows("fincore_corrections_total", 0, seconds=3600),
    ),
    Alert(
        name="AuthorizationRateFell",
        severity="page",
        expression='(sum by (psp) (rate(fincore_charge_outcomes_total{mode="live",outcome="approved"}[1h])) / sum by (psp) '
        '(rate(fincore_charge_outcomes_total{mode="live",outcome=~"approved|declined|failed"}[1h]))) < 0.8 * (sum by '
        '(psp) (rate(fincore_charge_outcomes_total{mode="live",outcome="approved"}[1h] offset 1w)) / sum by (psp) '
        '(rate(fincore_charge_outcomes_total{mode="live",outcome=~"approved|declined|failed"}[1h] offset 1w))) and sum '
        'by (psp) (increase(fincore_charge_outcomes_total{mode="live",outcome=~"approved|declined|failed"}[1h])) >= 50 '
        'and sum by (psp) (increase(fincore_charge_outcomes_total{mode="live",outcome=~"approved|declined|failed"}[1h] '
        "offset 1w)) >= 50",
        for_seconds=300,
        meaning="A PSP approves fewer than four fifths of the share of charges that it approved in the same hour a week ago, "
        "of at least 50 charges in each. Customers want to pay and cannot.",
        cloudwatch=_HALF_REFUSED,
    ),
    Alert(
        name="UnknownOutcomeOld",
        severity="page",
        expression='max(fincore_unknown_outcome_oldest_seconds{mode="live"}) > 3600',
        meaning="An operation in live mode may or may not have happened at its PSP, for more than an hour. Its charge stays as "
        "it is, and no charge is made again until it is known.",
        cloudwatch=MetricAlarm(
            metric="fincore_unknown_outcome_oldest_seconds",
            statistic="Maximum",
            threshold=3600,
            dimensions={"mode": "live"},
        ),
    ),
)
