"""A report on what risk rules would have done, as text: by decision and result, by rule, and beside what was decided then."""

from collections.abc import Iterable, Iterator

from fincore.backoffice.charge_results import RESULTS
from fincore.backoffice.risk_report import RiskReport, RuleReport, Tallies, Tally
from fincore.cli.terminal import moment_text, table_text
from fincore.domain.counting import counted
from fincore.domain.money import Money
from fincore.write.risk.rules import STRICTNESS

_BY_DAYS = "charges that the log recorded over a day before or after they were asked for may be left out"
_TALLY_COLUMNS = ("charges", "money")


def report_text(report: RiskReport, rules: str, *, is_recorded: bool) -> str:
    """The whole report. `is_recorded`: on a version in shadow, by what is recorded of it, not on rules that were tried now."""
    return "\n".join(_lines(report, rules, is_recorded=is_recorded))


def _lines(report: RiskReport, rules: str, *, is_recorded: bool) -> Iterator[str]:
    if not report.charges:
        yield f"{rules}: no charge to look at"
        if report.is_by_days:
            yield _BY_DAYS
        yield from _unreadable(report)
        return
    yield (
        f"{rules}: {counted(report.charges, 'charge')} from {moment_text(report.first_at)} to {moment_text(report.last_at)} UTC, "
        f"in {report.seconds:.1f} s"
    )
    yield from _notes(report)
    yield from _unreadable(report)
    yield from ("", "decisions")
    yield table_text(("decision", "result", *_TALLY_COLUMNS), list(_decisions(report)))
    yield from ("", "rules")
    yield table_text(
        ("rule", "action", "hits", "decided", *(() if is_recorded else ("unknown", "errors"))),
        [_rule(rule, is_recorded=is_recorded) for rule in report.rules.values()],
    )
    for rule in report.rules.values():
        if rule.first_error is not None:
            yield f"error in {rule.name}: {rule.first_error}"
    hit = [(rule.name, *row) for rule in report.rules.values() for row in _results(rule.results)]
    if hit:
        yield from ("", "charges that a rule hits")
        yield table_text(("rule", "result", *_TALLY_COLUMNS), hit)
    yield from ("", "beside what was decided then")
    yield table_text(
        ("then", "by these rules", "charges"),
        [(then, now, f"{count:,}") for (then, now), count in sorted(report.changes.items())],
    )
    if report.differences:
        yield from ("", "the latest of those that were decided otherwise")
        yield table_text(
            ("charge", "asked", "then", "by rule", "by these rules", "by rule", "result"),
            [
                (
                    one.charge_id,
                    moment_text(one.at),
                    one.then,
                    one.then_rule or "-",
                    one.now,
                    one.now_rule or "-",
                    _words(one.result),
                )
                for one in report.differences
            ],
        )


def _notes(report: RiskReport) -> Iterator[str]:
    """What limits the report, a line each."""
    if report.is_cut_off:
        yield f"there are more: only the first {report.charges:,} were looked at, as --charges-max says"
    if report.read_before:
        yield f"{counted(report.read_before, 'charge')} before them read for the counters"
    if report.without_context:
        yield (
            f"{report.without_context:,} of them {'names' if report.without_context == 1 else 'name'} no customer, e-mail address, IP address or device: rules that need one do not decide"
        )
    if report.is_by_days:
        yield _BY_DAYS
    if report.forgotten:
        yield (
            f"{counted(report.forgotten, 'counter')} forgotten for want of memory: counts may be too low. Look at one merchant, or at fewer days"
        )
    if report.outcomes_unread:
        yield (
            f"{counted(report.outcomes_unread, 'event')} that may tell an outcome cannot be read: counters of outcomes may be too low"
        )
    for name, since in report.lists_since.items():
        yield f"the list {name} was made on {moment_text(since)} UTC: no charge before is on it"


def _unreadable(report: RiskReport) -> Iterator[str]:
    if report.unreadable:
        yield f"{counted(report.unreadable, 'charge')} cannot be read to the end:"
        yield from (f"  {charge_id}: {flaw}" for charge_id, flaw in report.unreadable_first.items())
        if report.unreadable > len(report.unreadable_first):
            yield f"  and {report.unreadable - len(report.unreadable_first):,} more"


def _decisions(report: RiskReport) -> Iterator[tuple[str, ...]]:
    for decision in reversed(STRICTNESS):
        tallies = report.decisions.get(decision, {})
        yield (decision, "all", *_tally(_sum(tallies.values())))
        yield from ((decision, *row) for row in _results(tallies))


def _results(tallies: Tallies) -> Iterator[tuple[str, ...]]:
    for result in RESULTS:
        if result in tallies:
            yield (_words(result), *_tally(tallies[result]))


def _tally(tally: Tally) -> tuple[str, str]:
    money = ", ".join(str(Money(minor, currency)) for currency, minor in sorted(tally.money.items()))
    return f"{tally.charges:,}", money or "-"


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.charges += tally.charges
        for currency, minor in tally.money.items():
            total.money[currency] = total.money.get(currency, 0) + minor
    return total


def _rule(rule: RuleReport, *, is_recorded: bool) -> tuple[str, ...]:
    told = (rule.name, rule.action, f"{rule.hits:,}", f"{rule.decided:,}")
    return told if is_recorded else (*told, f"{rule.unknown:,}", f"{rule.errors:,}")


def _words(result: str) -> str:
    return result.replace("_", " ")
