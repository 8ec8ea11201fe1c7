"""Alerts on kept cards, and on the pages that customers see. Pure."""

from typing import Final

from fincore.alerting.alert import Alert
from fincore.alerting.cloudwatch import MathAlarm, MetricAlarm, MetricQuery, above, grows

CARDS_AND_PAGES_ALERTS: Final = (
    Alert(
        name="KeptCardUnreadable",
        severity="page",
        expression="sum by (reason) (increase(fincore_vault_cards_unreadable_total[15m])) > 0",
        meaning="The card edge cannot read kept cards that are to be charged. `key_missing` and `key_wrong`: its settings lack "
        "the key; the charges wait for it, for 15 minutes, so give the key back at once. Any other reason: the row was "
        "altered, and the charge failed. `fincore vault verify` names the cards.",
        cloudwatch=grows("fincore_vault_cards_unreadable_total", 0, seconds=900),
    ),
    Alert(
        name="PagesTampered",
        severity="page",
        expression='sum(increase(fincore_csp_reports_total{directive=~"script-src|script-src-elem|script-src-attr", '
        'blocked!="extension"}[10m])) > 20',
        meaning="Browsers of customers kept scripts out of FinCore's pages more than twenty times in ten minutes. `fincore "
        "pages reports` says on which page and from which origin: compare what the page serves with the version that "
        "you installed, proxy included. Reports can be forged; one that no page could cause is.",
        cloudwatch=MetricAlarm(
            metric="fincore_csp_reports_total",
            statistic="Sum",
            threshold=20,
            period_seconds=600,
            dimensions={"directive": "script-src-elem"},
        ),
    ),
    Alert(
        name="PagesDiffer",
        severity="page",
        expression="max by (scope) (fincore_page_problems) > 0",
        meaning="The last `fincore pages verify` found pages, scripts or headers that differ from those of the installed "
        "version, or could not check them. Run it again: it names each. Something between FinCore and the customer "
        "changes them (a proxy, a network, an intruder), or the address is wrong. Treat a script that is not listed as "
        "an incident.",
        cloudwatch=above("fincore_page_problems", 0),
    ),
    Alert(
        name="PagesNotVerified",
        severity="ticket",
        expression="time() - max by (scope) (fincore_pages_matched_timestamp_seconds) > 691200",
        meaning="`fincore pages verify` has not found all pages, or all frames for PayPal of a mode, to match for eight days, "
        "or never. The weekly run does not run, or it fails: look at its log. For the frames it needs `--key` and "
        "`--origin`.",
        cloudwatch=MathAlarm(
            expression="EPOCH(m1) - m1",
            metrics={
                "m1": MetricQuery(
                    metric="fincore_pages_matched_timestamp_seconds",
                    statistic="Maximum",
                    dimensions={"scope": "pages"},
                )
            },
            threshold=691200,
        ),
    ),
)
