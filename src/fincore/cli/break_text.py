"""Breaks in words: the list with its sums, one break with both sides and its history, and what an action did."""

from collections.abc import Iterator

from fincore.backoffice.breaks import BreakList
from fincore.cli.ledger_tables import money_text
from fincore.cli.terminal import moment_text, table_text
from fincore.domain.counting import counted
from fincore.domain.currency import Currency
from fincore.domain.ids import charge_of
from fincore.reconciliation.breaks.break_actions import ActedBreak
from fincore.reconciliation.breaks.break_record import (
    BreakFile,
    BreakRecord,
    RecordedAction,
    RecordedDecision,
)
from fincore.reconciliation.breaks.break_status import STATUS_MEANINGS
from fincore.reconciliation.breaks.listing import ListedBreak
from fincore.reconciliation.breaks.next_steps import NEXT_STEPS
from fincore.reconciliation.matching.differences import MEANINGS


def breaks_text(found: BreakList) -> str:
    """Breaks as a table, then what each class of those listed means, and at the end what those come to that are not closed."""
    parts = [
        table_text(
            ("break", "status", "class", "amount", "account", "owner", "days", "about"),
            [
                (
                    str(one.break_id),
                    one.status,
                    one.break_class,
                    _amount(one.amount_minor, one.currency),
                    f"{one.psp}/{one.psp_account}",
                    one.owner or "-",
                    f"{one.days:,}",
                    _about(one),
                )
                for one in found.breaks
            ],
        )
    ]
    if found.breaks:
        classes = sorted({one.break_class for one in found.breaks})
        parts.append(table_text(("class", "means"), [(one, MEANINGS[one]) for one in classes]))
    if found.sums:
        parts.append(
            table_text(
                ("class", "breaks", "amount", "status", "oldest, days"),
                [
                    (
                        one.break_class,
                        f"{one.breaks:,}",
                        _amount(one.amount_minor if one.currency else None, one.currency),
                        one.status,
                        f"{one.oldest_days:,}",
                    )
                    for one in found.sums
                ],
            )
        )
    return "\n\n".join(parts)


def record_text(record: BreakRecord) -> str:
    """One break: what it is, what to do next, both sides, what runs found, and what was done."""
    return "\n\n".join(_record_parts(record))


def acted_text(acted: ActedBreak) -> str:
    """What an action did."""
    known = acted.before
    now = f"break {known.break_id}: {acted.status.replace('_', ' ')}, owner {acted.owner or 'none'}"
    if acted.is_repeated:
        return f"{now}; this was recorded before, and is not recorded twice"
    was = [f"it was {known.status.replace('_', ' ')}"] if known.status != acted.status else []
    if known.owner != acted.owner:
        was.append(f"its owner was {known.owner or 'none'}")
    return f"{now}; {', '.join(was)}" if was else now


def _record_parts(record: BreakRecord) -> Iterator[str]:
    yield "\n".join(_head(record))
    if record.file is not None:
        yield _file(record.file)
    if record.lines:
        yield "what statements say\n" + table_text(
            ("file, line", "kind", "PSP's id", "gross", "fee", "time", "matched"),
            [
                (
                    f"{one.file_name}:{one.number}",
                    one.kind,
                    one.psp_reference,
                    money_text(one.gross_minor, one.currency),
                    money_text(one.fee_minor, one.currency),
                    moment_text(one.occurred_at),
                    _matched(is_gross=one.is_gross_matched, is_fee=one.is_fee_matched),
                )
                for one in record.lines
            ],
        )
    if record.items:
        yield "what the ledger expects\n" + table_text(
            ("entry", "kind", "PSP's id", "gross", "fee", "time", "matched"),
            [
                (
                    str(one.entry_id),
                    one.kind,
                    one.psp_reference,
                    money_text(one.gross_minor, one.currency),
                    money_text(one.fee_minor, one.currency),
                    moment_text(one.effective_at),
                    _matched(is_gross=one.is_gross_matched, is_fee=one.is_fee_matched),
                )
                for one in record.items
            ],
        )
    if record.bank_lines:
        yield "what banks say\n" + table_text(
            ("file, line", "bank", "kind", "bank's id", "amount", "time", "matched"),
            [
                (
                    f"{one.file_name}:{one.number}",
                    one.bank,
                    one.kind,
                    one.bank_reference,
                    money_text(one.amount_minor, one.currency),
                    moment_text(one.occurred_at),
                    "yes" if one.is_matched else "no",
                )
                for one in record.bank_lines
            ],
        )
    yield "what runs found\n" + table_text(
        ("from", "run", "class", "amount"),
        [
            (
                moment_text(one.cut_off),
                one.run_id,
                one.break_class,
                _amount(one.amount_minor, one.currency),
            )
            for one in record.states
        ],
    )
    yield "what was done\n" + table_text(
        ("time", "action", "by", "status", "owner", "reference", "reason"),
        [
            (
                moment_text(one.acted_at),
                _action(one, record.break_id),
                one.by,
                one.status,
                one.owner or "-",
                one.reference or "-",
                one.reason or "-",
            )
            for one in record.actions
        ],
    )


def _head(record: BreakRecord) -> Iterator[str]:
    mode = "live" if record.livemode else "test"
    amount = _amount(record.amount_minor, record.currency)
    yield (
        f"break {record.break_id}: {record.break_class}{f', {amount}' if amount else ''}, {record.psp}/{record.psp_account} ({mode})"
    )
    yield MEANINGS[record.break_class]
    yield f"{record.status.replace('_', ' ')}, owner {record.owner or 'none'}: {STATUS_MEANINGS[record.status]}"
    yield (
        f"open for {counted(record.days, 'day')}, since {moment_text(record.opened_at)} ({record.opened_by}); "
        f"last found by {record.seen_by}"
    )
    if record.closed_at is not None:
        by = f" ({record.closed_by})" if record.closed_by else ", no run has looked since"
        yield f"closed at {moment_text(record.closed_at)}{by}"
    if record.stream_id is not None:
        yield f"charge {charge_of(record.stream_id)}: `fincore charges show` prints its history"
    if record.reference is not None:
        yield f"the PSP's id: {record.reference}" if record.file is None else f"file: {record.reference}"
    if record.closed_at is None:
        yield f"next: {NEXT_STEPS[record.break_class]}"


def _file(file: BreakFile) -> str:
    rows: list[tuple[str, ...]] = [
        ("id", file.file_id),
        ("name", file.name),
        ("source", file.source),
        ("status", file.status),
        ("sha256", file.sha256),
        ("fetched", moment_text(file.fetched_at)),
    ]
    if file.refusal is not None:
        line = "" if file.refusal_line is None else f"line {file.refusal_line:,}: "
        rows.append(("refused", f"{line}{file.refusal}"))
    if file.replaces is not None:
        rows.append(("had this name before", f"{file.replaces} ({file.replaced_status})"))
    rows += [(f"{moment_text(one.acted_at)}", _decision(one)) for one in file.decisions]
    return table_text(("file", ""), rows)


def _decision(one: RecordedDecision) -> str:
    """`read again by ann, format paypal_stl: "the reason"`."""
    told = [f"{one.action.replace('_', ' ')} by {one.by}"]
    if one.format is not None:
        told.append(f"format {one.format}")
    if one.account_id is not None:
        told.append(f"account {one.account_id}")
    return f'{", ".join(told)}: "{one.reason}"'


def _matched(*, is_gross: bool, is_fee: bool) -> str:
    match is_gross, is_fee:
        case True, True:
            return "yes"
        case True, False:
            return "gross only"
        case False, True:
            return "fee only"
        case _:
            return "no"


def _action(one: RecordedAction, break_id: int) -> str:
    of = "" if one.break_id == break_id else f" of break {one.break_id}"
    into = f" with break {one.other_break}" if one.other_break is not None else ""
    return f"{one.action.replace('_', ' ')}{of}{into}"


def _about(one: ListedBreak) -> str:
    if one.stream_id is not None:
        return charge_of(one.stream_id)
    if one.reference is not None:
        return one.reference
    return f"{one.file_name}:{one.number}" if one.file_name and one.number else one.file_name or "-"


def _amount(amount_minor: int | None, currency: Currency | None) -> str:
    return "-" if amount_minor is None or currency is None else money_text(amount_minor, currency)
