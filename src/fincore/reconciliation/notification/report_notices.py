"""What operations are told of a run and of a day, from their reports. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from fincore.domain.counting import counted
from fincore.reconciliation.notification.notice import Notice, notice_of
from fincore.reconciliation.report.day_report import CheckedDay, ClassSum, count_text, movement_text
from fincore.reconciliation.report.run_report import (
    AccountReport,
    BreakReport,
    BreakSum,
    RunReport,
    UnclearedMoney,
    age_text,
    amount_text,
    tie_text,
)

NAMED_MAX: Final = 5
"""So many new breaks are named one by one."""


def run_notice(
    report: RunReport, opened: Sequence[ClassSum], named: Sequence[BreakReport], *, reopened: int
) -> Notice:
    """A run that finished: the breaks that it opened, and whether its report ties to the ledger.

    `reopened`: the breaks that a person had explained, claimed or closed, and that the run found to be something else.
    """
    new = sum(one.breaks for one in opened)
    findings = [*break_findings(opened, named, reopened=reopened), *_untied(report.accounts)]
    steps = [*break_steps(opened, reopened=reopened), f"fincore reconcile report {report.run_id}"]
    if not report.ties:
        steps.insert(0, "fincore check")
    return notice_of(
        about=f"run:{report.run_id}",
        kind="run",
        occurred_at=report.cut_off,
        subject=f"Reconciliation: {_headline(report.uncleared)}, {_news(new, ties=report.ties)}",
        findings=findings,
        figures=[*_uncleared(report.uncleared), *_standing(report.break_sums), ("run", report.run_id)],
        next_steps=steps,
        needs_person=bool(new or reopened) or not report.ties,
    )


def day_notice(checked: CheckedDay, days_without_run: int) -> Notice:
    """A day that is over. `days_without_run`: between the day with a run before it and this one."""
    report = checked.report
    opened, closed = (sum(one.breaks for one in sums) for sums in (report.opened_sums, report.closed_sums))
    findings = [*map(_opened, report.opened_sums)]
    if days_without_run:
        findings.insert(
            0, f"No run was made on {counted(days_without_run, 'day')} before: nothing was compared"
        )
    if checked.flaw is not None:
        findings.insert(0, f"This is not the report that was made when the day was sealed: {checked.flaw}")
    findings += [count_text(one) for one in report.break_counts if one.difference]
    for one in report.accounts:
        place = f"{one.psp}/{one.psp_account} ({one.mode})"
        findings += [
            f"{place}: {movement_text(move, one.currency)}" for move in one.movements if move.difference_minor
        ]
        findings += [
            f"{place}: {tie_text(tie, one.currency)}" for tie in one.all_ties if tie.difference_minor
        ]
    return notice_of(
        about=f"day:{report.day}:{checked.sha256[:16]}",
        kind="day",
        occurred_at=report.runs[-1].cut_off,
        subject=f"Reconciliation of {report.day}: {_headline(report.uncleared)}, {_news(opened, ties=report.ties)}",
        findings=findings,
        figures=[
            *_uncleared(report.uncleared),
            ("runs", f"{len(report.runs):,}"),
            ("files", f"{len(report.files):,}"),
            ("breaks opened", f"{opened:,}"),
            ("breaks closed", f"{closed:,}"),
            *_standing(report.open_sums),
        ],
        next_steps=[
            *(["fincore check"] if not report.ties else ()),
            f"fincore reconcile report --day={report.day}",
        ],
        needs_person=bool(opened or days_without_run) or not report.ties or checked.flaw is not None,
    )


def break_findings(
    opened: Sequence[ClassSum], named: Sequence[BreakReport], *, reopened: int
) -> Iterator[str]:
    """The breaks that are open again, those that opened, and the first of these by name."""
    if reopened:
        yield f"{counted(reopened, 'break')} open again: amount, class or status is no longer as a person left it"
    yield from map(_opened, opened)
    yield from map(_named, named[:NAMED_MAX])


def break_steps(opened: Sequence[ClassSum], *, reopened: int) -> Iterator[str]:
    """The command that lists them, if there are any."""
    if opened or reopened:
        is_live = any(one.mode == "live" for one in opened)
        yield f"fincore reconcile breaks{' --live' if is_live else ''}"


def _headline(uncleared: Iterable[UnclearedMoney]) -> str:
    """Live money first; test money only where there is no live account. The items tell of refunds that offset payments."""
    found = [one for one in uncleared if one.mode == "live"] or list(uncleared)
    amounts = [_uncleared_text(one) for one in found]
    if not amounts:
        return "nothing uncleared"
    more = f" and {counted(len(amounts) - 3, 'currency', 'currencies')} more" if len(amounts) > 3 else ""  # noqa: PLR2004 -- the first three
    return f"{', '.join(amounts[:3])}{more} uncleared"


def _uncleared_text(one: UnclearedMoney) -> str:
    items = sum(age.items for age in one.by_age)
    amount = amount_text(one.amount_minor, one.currency)
    return f"{amount} in {counted(items, 'item')}" if items else amount


def _news(opened: int, *, ties: bool) -> str:
    if not ties:
        return "DOES NOT TIE TO THE LEDGER"
    return counted(opened, "new break") if opened else "no new breaks"


def _opened(one: ClassSum) -> str:
    amount = amount_text(one.amount_minor, one.currency)
    return (
        f"{counted(one.breaks, 'break')} {one.break_class} of {one.psp}/{one.psp_account} ({one.mode})"
        f"{f': {amount}' if amount else ''}"
    )


def _named(one: BreakReport) -> str:
    words = [
        amount_text(one.amount_minor, one.currency),
        one.charge or one.reference or "",
        f"{one.file_name}{f', line {one.line:,}' if one.line else ''}" if one.file_name else "",
    ]
    return f"break {one.break_id} {one.break_class}: {', '.join(dict.fromkeys(filter(None, words)))}"


def _untied(accounts: Iterable[AccountReport]) -> Iterator[str]:
    for one in accounts:
        for tie in one.all_ties:
            if tie.difference_minor:
                yield f"{one.psp}/{one.psp_account} ({one.mode}): {tie_text(tie, one.currency)}"


def _uncleared(uncleared: Iterable[UnclearedMoney]) -> Iterator[tuple[str, str]]:
    for one in uncleared:
        yield f"uncleared ({one.mode})", amount_text(one.amount_minor, one.currency)
        for age in one.by_age:
            if age.items:
                yield f"of which {age_text(age)}", amount_text(age.amount_minor, one.currency)


def _standing(sums: Sequence[BreakSum]) -> Iterator[tuple[str, str]]:
    yield "breaks open", f"{sum(one.breaks for one in sums if one.status == 'open'):,}"
    if answered := sum(one.breaks for one in sums if one.status != "open"):
        yield "breaks explained or claimed", f"{answered:,}"
