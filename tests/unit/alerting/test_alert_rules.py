"""Alerts in Prometheus's own words: each expression can be read, and those that are tried here fire when they should."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from fincore.alerting.alerts import ALERTS
from fixtures.promtool import Series, assert_fires, check_rules


class Case(NamedTuple):
    """What fires at a time. `firing`: the labels of each alert, but for its name and severity."""

    alert: str
    about: str
    series: Series
    at: str
    firing: Sequence[dict[str, str]] = ()


OVERDUE: Final = (
    'fincore_uncleared_overdue_items{mode="live",psp="paypal",psp_account="eu",currency="usd",instance="%s"}'
)
ACCOUNT: Final = {"mode": "live", "psp": "paypal", "psp_account": "eu", "currency": "usd"}
REFUSED: Final = "fincore_ops_notice_recipients_refused_total"
LOOK_AGE: Final = "fincore_ops_notice_look_age_seconds"
SOURCE: Final = 'fincore_settlement_look_overdue_seconds{source="paypal_eu"}'
NOT_MEASURED: Final = " ".join(["NaN"] * 60)
DAMAGED: Final = 'fincore_evidence_files{state="damaged"}'

CASES: Final = (
    Case("StatementMissesItems", "not before an hour", {OVERDUE % "a": "2x200"}, "59m"),
    Case(
        "StatementMissesItems",
        "once for an account that two auditors measure",
        {OVERDUE % "a": "2x200", OVERDUE % "b": "2x200"},
        "61m",
        [ACCOUNT],
    ),
    Case("StatementMissesItems", "not where nothing is overdue", {OVERDUE % "a": "0x200"}, "2h"),
    Case("StatementMissesItems", "not after the items came", {OVERDUE % "a": "2x70 0x70"}, "2h"),
    Case("OpsRecipientsRefused", "when a recipient is refused", {REFUSED: "0x10 1x1500"}, "1h", [{}]),
    Case("OpsRecipientsRefused", "not before it is", {REFUSED: "0x1500"}, "1h"),
    Case("OpsRecipientsRefused", "not a day later", {REFUSED: "0x10 1x3000"}, "26h"),
    Case(
        "OpsRecipientsRefused",
        "not when the process starts again",
        {REFUSED: "3x100 0x200"},
        "4h",
    ),
    Case(
        "OpsNoticesFail",
        "where looks fail for half an hour",
        {LOOK_AGE: "0+60x60", SOURCE: "0x60"},
        "31m",
        [{}],
    ),
    Case("OpsNoticesFail", "not before that", {LOOK_AGE: "0+60x60", SOURCE: "0x60"}, "30m"),
    Case("OpsNoticesFail", "not where no source is declared", {LOOK_AGE: "0+60x60"}, "60m"),
    Case(
        "OpsNoticesFail", "not before the first measurement", {LOOK_AGE: NOT_MEASURED, SOURCE: "0x60"}, "60m"
    ),
    Case("EvidenceDamaged", "for a damaged file", {DAMAGED: "0x10 1x10"}, "12m", [{}]),
    Case("EvidenceDamaged", "not for none", {DAMAGED: "0x60"}, "60m"),
    Case("EvidenceNotRead", "after two days", {"fincore_evidence_idle_seconds": "172801x60"}, "10m", [{}]),
    Case("EvidenceNotRead", "not before", {"fincore_evidence_idle_seconds": "172800x60"}, "10m"),
    Case(
        "EvidenceNotRead",
        "not before the first measurement",
        {"fincore_evidence_idle_seconds": NOT_MEASURED},
        "10m",
    ),
)


def test_prometheus_reads_every_expression(tmp_path: Path) -> None:
    check_rules(tmp_path, ALERTS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert} {case.about}")
def test_alert_fires_over_its_series_alone(tmp_path: Path, case: Case) -> None:
    (alert,) = (one for one in ALERTS if one.name == case.alert)
    assert_fires(tmp_path, alert, case.series, at=case.at, firing=case.firing)
