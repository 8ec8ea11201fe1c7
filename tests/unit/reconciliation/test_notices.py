"""A notice within its bounds and in its forms, and what operations are told of reports."""

import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import msgspec
import pytest
from structlog.testing import capture_logs

from fincore.cli.settlement_notices import notices_text
from fincore.reconciliation.notification.console import Console
from fincore.reconciliation.notification.findings import KINDS, MEANINGS, waiting_file
from fincore.reconciliation.notification.notice import (
    LINE_CHARACTERS_MAX,
    LINES_MAX,
    SUBJECT_CHARACTERS_MAX,
    Notice,
    NoticeKind,
    Tell,
    is_told,
    notice_of,
)
from fincore.reconciliation.notification.notice_forms import notice_body, notice_html, notice_text
from fincore.reconciliation.notification.outbox import Delivery, ListedNotice
from fincore.reconciliation.notification.report_notices import day_notice, run_notice
from fincore.reconciliation.notification.retry import ATTEMPTS_MAX, PAUSES_SECONDS, pause_after
from fincore.reconciliation.report.day_report import CheckedDay, ClassSum
from fixtures.day_report import SMALL_DAY, hostile_day
from fixtures.run_report import HOSTILE, JPY, SMALL, hostile

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
OPENED = ClassSum(
    mode="live",
    psp="paypal",
    psp_account="eu",
    currency=JPY,
    break_class="missing_there",
    breaks=2,
    amount_minor=-14_000,
)


def notice(*, kind: NoticeKind = "run", needs_person: bool = False, subject: str = "a subject") -> Notice:
    return notice_of(
        about="run:1",
        kind=kind,
        occurred_at=AT,
        subject=subject,
        findings=[f"a finding of {subject}"],
        figures=[("a figure", subject)],
        next_steps=[f"a step {subject}"],
        needs_person=needs_person,
    )


@pytest.mark.parametrize(
    ("tell", "kind", "needs_person", "expected"),
    [
        ("always", "run", False, True),
        ("findings", "run", False, False),
        ("findings", "day", False, False),
        ("findings", "run", True, True),
        ("findings", "test", False, True),
    ],
)
def test_notice_is_told_as_operations_want(
    tell: Tell,
    kind: NoticeKind,
    needs_person: bool,  # noqa: FBT001 -- a table
    expected: bool,  # noqa: FBT001 -- a table
) -> None:
    assert is_told(notice(kind=kind, needs_person=needs_person), tell) is expected


def test_notice_stays_within_its_bounds() -> None:
    one = notice_of(
        about="run:1",
        kind="run",
        occurred_at=AT,
        subject="s" * 1_000,
        findings=["f" * 1_000] * 1_000,
        figures=[("n" * 1_000, "v" * 1_000)] * 1_000,
        next_steps=map(str, range(1_000)),
        needs_person=True,
    )
    assert len(one.subject) == SUBJECT_CHARACTERS_MAX
    assert len(one.findings) == len(one.figures) == len(one.next_steps) == LINES_MAX
    assert one.findings[-1] == f"and {1_000 - LINES_MAX + 1} more"
    assert max(map(len, one.findings)) == LINE_CHARACTERS_MAX


def test_id_follows_from_what_the_notice_is_about() -> None:
    assert notice().notice_id == notice(subject="another", needs_person=True).notice_id
    assert notice().notice_id != msgspec.structs.replace(notice(), about="run:2").notice_id


def test_hostile_text_breaks_out_of_no_form() -> None:
    one = notice(subject=f"a\r\nBcc: x {HOSTILE}", needs_person=True)
    assert "\n" not in one.subject

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in {"script", "a", "img", "link"}
            assert not {name for name, _ in attrs} & {"href", "src", "onload"}

    Tags().feed(notice_html(one))
    for form in (notice_text(one), notice_html(one)):
        assert all(character.isprintable() or character == "\n" for character in form)
    assert json.loads(notice_body(one))["data"]["subject"] == one.subject


def test_notice_of_a_run_counts_and_names_new_breaks() -> None:
    one = run_notice(SMALL, [OPENED], SMALL.breaks, reopened=0)
    assert one.subject == "Reconciliation: 1,009,680 JPY in 3 items uncleared, 2 new breaks"
    assert one.findings == (
        "2 breaks missing_there of paypal/eu (live): -14,000 JPY",
        "break 7 unexpected_movement: -7 JPY, adj_1, STL-1.CSV, line 2",
    )
    assert one.next_steps == ("fincore reconcile breaks --live", "fincore reconcile report run_1")
    assert (one.about, one.needs_person) == ("run:run_1", True)


def test_break_of_a_file_is_named_by_the_file_once() -> None:
    (named,) = SMALL.breaks
    of_file = msgspec.structs.replace(
        named, break_class="file_refused", reference="STL-1.CSV", line=None, currency=None, amount_minor=None
    )
    assert (
        run_notice(SMALL, [OPENED], [of_file], reopened=0).findings[-1] == "break 7 file_refused: STL-1.CSV"
    )


def test_headline_counts_items_that_offset_each_other() -> None:
    (one,) = SMALL.uncleared
    report = msgspec.structs.replace(SMALL, uncleared=(msgspec.structs.replace(one, amount_minor=0),))
    assert (
        run_notice(report, [], [], reopened=0).subject
        == "Reconciliation: 0 JPY in 3 items uncleared, no new breaks"
    )


async def test_console_logs_a_warning_where_a_person_is_needed() -> None:
    with capture_logs() as logged:
        await Console().send(notice())
        await Console().send(notice(needs_person=True))
    assert [one["log_level"] for one in logged] == ["info", "warning"]
    assert logged[1]["subject"] == "a subject"
    assert logged[1]["figures"] == ["a figure: a subject"]


def test_notice_of_a_quiet_run_needs_no_person() -> None:
    one = run_notice(SMALL, [], [], reopened=0)
    assert (one.subject, one.needs_person, one.findings) == (
        "Reconciliation: 1,009,680 JPY in 3 items uncleared, no new breaks",
        False,
        (),
    )


def test_notice_of_a_run_that_does_not_tie_says_so() -> None:
    one = run_notice(hostile(), [], [], reopened=0)
    assert one.subject.endswith("DOES NOT TIE TO THE LEDGER")
    assert one.next_steps[0] == "fincore check"
    assert one.needs_person


def test_headline_names_live_money_alone_where_there_is_some() -> None:
    (test,) = SMALL.uncleared
    live = msgspec.structs.replace(test, mode="live", amount_minor=5)
    report = msgspec.structs.replace(SMALL, uncleared=(live, test))
    assert (
        run_notice(report, [], [], reopened=0).subject
        == "Reconciliation: 5 JPY in 3 items uncleared, no new breaks"
    )


def test_notice_of_a_day_tells_breaks_and_days_without_a_run() -> None:
    checked = CheckedDay(report=SMALL_DAY, sha256="c" * 64, flaw=None, is_missing=False)
    one = day_notice(checked, 2)
    assert one.subject == "Reconciliation of 2026-11-02: 1,009,680 JPY in 3 items uncleared, 1 new break"
    assert one.findings[0] == "No run was made on 2 days before: nothing was compared"
    quiet = msgspec.structs.replace(checked, report=msgspec.structs.replace(SMALL_DAY, opened_sums=()))
    assert not day_notice(quiet, 0).needs_person
    assert day_notice(quiet, 1).needs_person


def test_notice_of_a_day_that_does_not_tie_says_where() -> None:
    checked = CheckedDay(report=hostile_day(), sha256="c" * 64, flaw="its hash was other", is_missing=False)
    one = day_notice(checked, 0)
    assert one.needs_person
    assert "its hash was other" in one.findings[0]
    assert any("is not 1,009,680 JPY after" in line for line in one.findings)
    assert one.next_steps == ("fincore check", "fincore reconcile report --day=2026-11-02")


@pytest.mark.parametrize("attempt", range(1, ATTEMPTS_MAX))
def test_pause_after_an_attempt_is_that_of_the_table(attempt: int) -> None:
    assert pause_after(attempt) == timedelta(seconds=PAUSES_SECONDS[attempt])


def test_last_attempt_has_no_pause_after_it() -> None:
    assert pause_after(ATTEMPTS_MAX) is None
    assert sum(PAUSES_SECONDS) > 24 * 3_600


def test_each_kind_of_finding_names_a_command() -> None:
    assert set(MEANINGS) == set(KINDS)
    assert all(one.next_step.startswith("fincore reconcile ") for one in MEANINGS.values())


def test_file_that_waits_for_less_than_an_hour_is_no_finding() -> None:
    assert waiting_file("paypal_eu", 3_600) is None
    found = waiting_file("paypal_eu", 3 * 86_400)
    assert found is not None
    assert found.sentence == "A settlement file of paypal_eu has waited for 3 days to be reconciled"


def test_list_of_notices_tells_each_channel_and_why_not() -> None:
    def delivery(**changes: object) -> Delivery:
        fields: dict[str, object] = {
            "channel": "email",
            "status": "waiting",
            "attempts": 10,
            "failure": None,
            "next_attempt_at": AT,
        }
        return Delivery(**(fields | changes))  # type: ignore[arg-type]

    text = notices_text(
        [
            ListedNotice(
                made_at=AT,
                notice=notice(),
                deliveries=(
                    delivery(channel="console", status="sent"),
                    delivery(failure="the server answered 503"),
                    delivery(channel="webhook", status="dead", failure="no answer: tls failed"),
                ),
            ),
            ListedNotice(made_at=AT, notice=notice(), deliveries=(delivery(),)),
        ]
    )
    assert "console sent, email again at 2026-11-26 12:00:00 (the server answered 503)" in text
    assert "webhook GIVEN UP after 10 attempts (no answer: tls failed)" in text
    assert "email waits" in text
    assert text.endswith("2 notices")


def test_notice_counts_answered_breaks_and_tells_reopened_ones() -> None:
    (summed,) = SMALL.break_sums
    report = msgspec.structs.replace(
        SMALL, break_sums=(summed, msgspec.structs.replace(summed, status="explained", breaks=5))
    )
    one = run_notice(report, [], [], reopened=1)
    assert one.needs_person
    assert one.findings[0].startswith("1 break open again")
    assert one.next_steps[0] == "fincore reconcile breaks"
    figures = {figure.name: figure.value for figure in one.figures}
    assert (figures["breaks open"], figures["breaks explained or claimed"]) == ("2", "5")
