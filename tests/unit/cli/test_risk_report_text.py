"""How `fincore risk test` and `fincore risk compare` print what they found."""

from datetime import timedelta

from fincore.backoffice.risk_report import Decided, RiskReport, Weighed, new_report
from fincore.cli.risk_report_text import report_text
from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.risk import RiskAssessment, RuleError, RuleHit
from fincore.write.risk.store import ListName
from fixtures.risk import NOON

BLOCKED = Decided(
    "block", "burst", (RuleHit("burst", "block"),), ("far",), (RuleError("odd", "no such key"),)
)


def report() -> RiskReport:
    """Two charges that would have been blocked, one of them allowed then; one that no rule hits."""
    found = new_report({"burst": "block", "far": "review", "odd": "block"})
    then = RiskAssessment(rules_version=1, decision="allow", elapsed_microseconds=1)
    first = Weighed(ChargeId("ch_1"), NOON, then, "fraud", Money(1234, Currency("eur")), has_context=True)
    found.add(first, BLOCKED, named_max=1)
    later = NOON + timedelta(hours=1)
    found.add(
        Weighed(ChargeId("ch_2"), later, None, "fraud", Money(500, Currency("usd")), has_context=False),
        BLOCKED,
        named_max=1,
    )
    found.add(
        Weighed(
            ChargeId("ch_3"), later, None, "refunded_in_part", Money(7, Currency("jpy")), has_context=True
        ),
        Decided("allow", None, ()),
        named_max=1,
    )
    found.add_unreadable(ChargeId("ch_4"), "version 2: charge.new version 1 is unknown")
    return found


def test_risk_report_says_what_rules_would_have_done() -> None:
    found = report()
    found.read_before, found.is_cut_off, found.forgotten = 5, True, 2
    found.outcomes_unread, found.is_by_days, found.lists_since = 1, True, {ListName("bad_ips"): NOON}
    lines = report_text(found, "the rules of risk.toml", is_recorded=False).splitlines()
    assert lines == [
        "the rules of risk.toml: 3 charges from 2026-11-26 12:00:00 to 2026-11-26 13:00:00 UTC, in 0.0 s",
        "there are more: only the first 3 were looked at, as --charges-max says",
        "5 charges before them read for the counters",
        "1 of them names no customer, e-mail address, IP address or device: rules that need one do not decide",
        "charges that the log recorded over a day before or after they were asked for may be left out",
        "2 counters forgotten for want of memory: counts may be too low. Look at one merchant, or at fewer days",
        "1 event that may tell an outcome cannot be read: counters of outcomes may be too low",
        "the list bad_ips was made on 2026-11-26 12:00:00 UTC: no charge before is on it",
        "1 charge cannot be read to the end:",
        "  ch_4: version 2: charge.new version 1 is unknown",
        "",
        "decisions",
        "decision   result            charges  money",
        "block      all               2        12.34 EUR, 5.00 USD",
        "block      fraud             2        12.34 EUR, 5.00 USD",
        "review     all               0        -",
        "challenge  all               0        -",
        "allow      all               1        7 JPY",
        "allow      refunded in part  1        7 JPY",
        "",
        "rules",
        "rule   action  hits  decided  unknown  errors",
        "burst  block   2     2        0        0",
        "far    review  0     0        2        0",
        "odd    block   0     0        0        2",
        "error in odd: no such key",
        "",
        "charges that a rule hits",
        "rule   result  charges  money",
        "burst  fraud   2        12.34 EUR, 5.00 USD",
        "",
        "beside what was decided then",
        "then          by these rules  charges",
        "allow         block           1",
        "not assessed  allow           1",
        "not assessed  block           1",
        "",
        "the latest of those that were decided otherwise",
        "charge  asked                then   by rule  by these rules  by rule  result",
        "ch_1    2026-11-26 12:00:00  allow  -        block           burst    fraud",
    ]


def test_risk_report_of_a_shadow_tells_no_unknown_rules() -> None:
    lines = report_text(report(), "version 2 of the rules in shadow", is_recorded=True).splitlines()
    assert "rule   action  hits  decided" in lines


def test_risk_report_about_no_charge_still_names_unreadable_ones() -> None:
    found = new_report({}, is_by_days=True)
    found.add_unreadable(ChargeId("ch_4"), "version 1: unknown")
    assert report_text(found, "version 2 of the rules", is_recorded=False).splitlines() == [
        "version 2 of the rules: no charge to look at",
        "charges that the log recorded over a day before or after they were asked for may be left out",
        "1 charge cannot be read to the end:",
        "  ch_4: version 1: unknown",
    ]
