"""Settlement reports: what they state follows from their rows; a fault changes what it names and nothing else."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.paypal_movements import ACCOUNT, Payments, movement, movements
from fixtures.paypal_report import fee_of, flaws_of, gross_of, read_file
from psp_sandbox.misdirected import Misdirected
from psp_sandbox.paypal.balances import Balance
from psp_sandbox.paypal.money import WHOLE
from psp_sandbox.paypal.settlement import Withdrawal
from psp_sandbox.paypal.settlement_faults import ROW_FAULTS, SettlementFault
from psp_sandbox.paypal.transaction_rows import Row

days_of_movements = st.lists(st.lists(movements(), max_size=8), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(
    days=days_of_movements, max_rows=st.integers(1, 9), withdraw=st.sampled_from(["everything", "nothing"])
)
def test_each_file_balances_and_begins_where_the_last_ended(
    days: list[list[Row]], max_rows: int, withdraw: str
) -> None:
    made = Payments()
    ended: dict[str, int] = {}
    reported: list[str] = []
    for day in days:
        made.add(*day)
        files = [read_file(file.content) for file in made.cut(max_rows=max_rows, withdraw=withdraw)]
        assert flaws_of(*files) == []
        for found in files:
            for currency, footer in found.section.items():
                assert footer["beginning_available"] == ended.get(currency, 0)
                ended[currency] = footer["ending_available"]
            reported += [one["Transaction ID"] for one in found.rows]
    balances = made.balances.of(ACCOUNT)
    for currency, balance in balances.items():
        scale = 100 if currency in WHOLE else 1
        assert ended.get(currency, 0) == balance.available_minor * scale
        assert withdraw == "nothing" or balance.available_minor <= 0
    assert Counter(reported) == Counter(one.id for _, one in made.balances.all())


def test_yen_is_a_hundred_times_its_unit_and_dollars_are_not() -> None:
    made = Payments()
    made.add(movement("T0006", "JPY", 1_099, -39), movement("T0006", "USD", 1_099, -39))
    first, second = made.report().rows
    assert (first["Gross Transaction Amount"], first["Fee Amount"]) == ("109900", "3900")
    assert (second["Gross Transaction Amount"], second["Fee Amount"]) == ("1099", "39")


def test_first_lines_are_as_in_the_published_sample() -> None:
    made = Payments()
    made.add(movement(custom_id='say "hi"', invoice_id="INV-1"))
    (file,) = made.cut()
    lines = file.content.decode().split("\n")
    assert file.name == "STL-20261126.01.009.CSV"
    assert lines[:3] == [
        '"RH",2026/11/26 12:00:00 -0800,"A","SANDBQXMERCH7",009,',
        '"FH",01',
        '"SH",2026/11/26 00:00:00 -0800,2026/11/26 23:59:59 -0800,"SANDBQXMERCH7",""',
    ]
    assert lines[4].endswith(',"CR",10000,"USD","DR",398,"USD","say ""hi""","","","","",,,')
    assert lines[5:] == [
        '"SF","USD",10000,0,0,398,"CR",0,"CR",9602,"CR",0,"CR",9602,"CR",0,"CR",0,1',
        '"SC",1',
        '"RF","USD",10000,0,0,398,"CR",0,"CR",9602,"CR",0,"CR",9602,"CR",0,"CR",0,1',
        '"RC",1',
        '"FF",1',
        "",
    ]


def test_held_money_is_not_available_and_still_in_the_total() -> None:
    made = Payments()
    made.add(movement(minor=10_000, fee_minor=0), movement("T1110", minor=-4_000, fee_minor=0))
    footer = made.report(withdraw="everything").section["USD"]
    assert (footer["ending_available"], footer["ending_total"]) == (0, 4_000)
    assert made.balances.of(ACCOUNT) == {"USD": Balance(0, 4_000)}


def test_negative_balance_is_stated_and_covered_from_the_bank() -> None:
    made = Payments()
    made.add(movement("T1201", minor=-5_000, fee_minor=0))
    assert made.report(withdraw="everything").section["USD"]["ending_available"] == -5_000
    covered = made.report(cover=True)
    (taken,) = covered.rows
    assert (taken["Transaction Event Code"], gross_of(taken)) == ("T0300", 5_000)
    assert taken["Bank Reference ID"]
    assert covered.section["USD"]["ending_available"] == 0


def test_withdrawal_has_a_bank_reference_and_its_amount() -> None:
    made = Payments()
    made.add(movement(minor=10_000, fee_minor=0))
    with pytest.raises(Misdirected, match="there are 10000 USD to withdraw, not 10001"):
        made.cut(
            withdraw=[
                Withdrawal(currency="USD", amount_minor=5_001),
                Withdrawal(currency="USD", amount_minor=5_000),
            ]
        )
    found = made.report(withdraw=[Withdrawal(currency="USD", amount_minor=2_500)])
    withdrawn = found.rows[-1]
    assert (withdrawn["Transaction Event Code"], gross_of(withdrawn)) == ("T0400", -2_500)
    assert withdrawn["Bank Reference ID"].startswith("BANK")
    assert found.section["USD"]["ending_available"] == 7_500


def test_currency_converted_to_nothing_has_no_footer() -> None:
    made = Payments()
    made.add(movement(currency="BRL", minor=1_500, fee_minor=-338))
    made.add(movement("T0200", "BRL", -1_162, 0), movement("T0200", "USD", 200, 0))
    found = made.report()
    assert (set(found.section), set(found.report)) == ({"USD"}, {"USD"})
    assert found.counts == {"SC": 3, "RC": 3, "FF": 3}
    assert flaws_of(found) == []


def test_day_without_movements_is_reported() -> None:
    made = Payments()
    assert made.report().kinds == ["RH", "FH", "SH", "CH", "SC", "RC", "FF"]
    made.add(movement())
    made.cut()
    assert made.report().section["USD"]["beginning_available"] == 9_602


def test_periods_of_reports_touch_each_other() -> None:
    made = Payments()
    made.add(movement())
    made.now += timedelta(days=2)
    (first,) = made.cut()
    (second,) = made.cut(date=date(2026, 12, 5))
    assert (first.report.first_day, first.report.last_day) == (date(2026, 11, 26), date(2026, 11, 28))
    assert (second.report.first_day, second.name) == (date(2026, 11, 29), "STL-20261205.01.009.CSV")
    with pytest.raises(Misdirected, match="the last report ends on 2026-12-05"):
        made.cut(date=date(2026, 12, 5))
    assert made.cut()[0].report.last_day == date(2026, 12, 6)
    for far in (date(9999, 12, 31), date(1, 1, 1)):
        with pytest.raises(Misdirected, match="within 3660 days of today"):
            Payments().cut(date=far)


def test_report_above_the_bound_is_several_files() -> None:
    made = Payments()
    made.add(*(movement() for _ in range(5)))
    with pytest.raises(Misdirected, match="100 rows are more than 99 files"):
        with_rows(100).cut(max_rows=1)
    files = made.cut(max_rows=2)
    assert [file.name[12:15] for file in files] == [".01", ".02", ".03"]
    found = [read_file(file.content) for file in files]
    assert [one.header["FH"] for one in found] == [["01"], ["02"], ["03"]]
    assert [len(one.rows) for one in found] == [2, 2, 1]
    assert [sorted({"RH", "RF", "RC"} & set(one.kinds)) for one in found] == [["RH"], [], ["RC", "RF"]]
    assert found[2].report["USD"]["rows"] == 5


def with_rows(rows: int) -> Payments:
    made = Payments()
    made.add(*(movement() for _ in range(rows)))
    return made


def test_movements_dropped_before_their_report_refuse_it() -> None:
    made = Payments(max_rows=2)
    made.add(movement(), movement())
    made.cut()
    made.add(movement(), movement())
    made.cut()
    made.add(movement(), movement(), movement())
    with pytest.raises(Misdirected, match="1 movements were dropped"):
        made.cut()


def test_withdrawal_that_drops_a_reported_movement_loses_none() -> None:
    made = Payments(max_rows=2)
    made.add(movement(), movement())
    assert len(made.report(withdraw="everything").rows) == 3
    assert made.report().rows == []


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(movements(), min_size=1, max_size=6),
    kind=st.sampled_from(sorted(ROW_FAULTS)),
    data=st.data(),
)
def test_row_fault_changes_its_row_alone_in_a_file_that_balances(
    rows: list[Row], kind: Any, data: st.DataObject
) -> None:
    named = data.draw(st.sampled_from([one for one in rows if one.currency not in WHOLE] or rows))
    fault = SettlementFault(kind=kind, transaction_id=named.id, delta_minor=7)
    true, false = Payments(), Payments()
    true.add(*rows)
    false.add(*rows)
    truth, stated = true.report(), false.report(faults=[fault])
    assert flaws_of(stated) == []
    others = [one for one in truth.rows if one["Transaction ID"] != named.id]
    assert [one for one in stated.rows if one["Transaction ID"] != named.id] == others
    (happened,) = [one for one in truth.rows if one["Transaction ID"] == named.id]
    found = [one for one in stated.rows if one["Transaction ID"] == named.id]
    scale = 100 if named.currency in WHOLE else 1
    if kind == "drop_row":
        assert found == []
    elif kind == "double_row":
        assert found == [happened, happened]
    else:
        differing = {name for name, text in found[0].items() if text != happened[name]}
        gross, fee = (
            gross_of(found[0]) - gross_of(happened),
            fee_of(found[0]) - fee_of(happened),
        )
        assert (abs(gross), fee, differing) == {
            "change_amount": (7 * scale, 0, {"Gross Transaction Amount"}),
            "change_fee": (0, -7 * scale, differing & {"Fee Amount", "Fee Debit or Credit", "Fee Currency"}),
            "swap_currency": (0, 0, differing & {"Gross Transaction Currency", "Fee Currency"}),
            "unknown_code": (0, 0, {"Transaction Event Code"}),
        }[kind]
        assert differing
    assert false.settlement.faults == {kind: 1}
    beginning = false.report().section
    assert {currency: one["beginning_available"] for currency, one in beginning.items()} == {
        currency: one["ending_available"]
        for currency, one in stated.section.items()
        if one["ending_available"] or one["ending_total"]
    }


@pytest.mark.parametrize(
    ("fault", "flaws"),
    [
        (SettlementFault(kind="wrong_footer"), ["SF USD gross_credits", "RF USD gross_credits"]),
        (
            SettlementFault(kind="wrong_footer", currency="EUR", total="fee_debits"),
            ["SF EUR fee_debits", "RF EUR fee_debits"],
        ),
        (
            SettlementFault(kind="wrong_footer", total="ending", delta_minor=-1),
            ["SF USD ending", "RF USD ending"],
        ),
        (
            SettlementFault(kind="wrong_count"),
            ["counts {'SC': 3, 'RC': 3, 'FF': 3}, not {'SC': 2, 'FF': 2, 'RC': 2}"],
        ),
        (SettlementFault(kind="wrong_account"), []),
        (SettlementFault(kind="late"), []),
    ],
)
def test_fault_of_a_file_is_the_only_flaw_it_has(fault: SettlementFault, flaws: list[str]) -> None:
    made = Payments()
    made.add(movement(), movement(currency="EUR"))
    found = made.report(faults=[fault])
    assert flaws_of(found) == flaws
    account = "SANDBQXOTHER3" if fault.kind == "wrong_account" else "SANDBQXMERCH7"
    assert (found.header["RH"][2], found.header["SH"][2]) == (account, account)
    assert made.settlement.faults == {fault.kind: 1}


def test_faults_of_form_spoil_the_bytes() -> None:
    plain = with_rows(3).cut()[0].content.decode()
    spoiled = {
        kind: with_rows(3).cut(faults=[SettlementFault(kind=kind)])[0].content
        for kind in ("byte_order_mark", "utf_16", "missing_column", "cut_off")
    }
    assert spoiled["byte_order_mark"].startswith(b"\xef\xbb\xbf")
    assert spoiled["utf_16"].decode("utf-16").count("\n") == plain.count("\n")
    assert b'"Credit Term"' not in spoiled["missing_column"]
    assert b'"FF"' not in spoiled["cut_off"]
    assert spoiled["cut_off"].endswith(b"\n")


@pytest.mark.parametrize(
    "fault",
    [
        SettlementFault(kind="drop_row", transaction_id="GONE"),
        SettlementFault(kind="change_amount", delta_minor=0),
        SettlementFault(kind="change_amount", delta_minor=-10_000),
        SettlementFault(kind="change_fee", delta_minor=0),
        SettlementFault(kind="swap_currency", currency="JPY"),
        SettlementFault(kind="swap_currency", currency="XXX"),
        SettlementFault(kind="swap_currency", currency="USD"),
        SettlementFault(kind="unknown_code", code="T0006"),
        SettlementFault(kind="wrong_footer", currency="EUR"),
        SettlementFault(kind="wrong_footer", delta_minor=0),
    ],
)
def test_fault_that_would_change_nothing_is_refused(fault: SettlementFault) -> None:
    made = Payments()
    made.add(movement())
    with pytest.raises(Misdirected, match=fault.kind):
        made.cut(faults=[fault])
    assert made.settlement.faults == {}
    assert len(made.report().rows) == 1


def test_late_file_is_found_once_it_is_delivered() -> None:
    made = Payments()
    (file,) = made.cut(faults=[SettlementFault(kind="late")])
    assert made.settlement.delivered(ACCOUNT) == {}
    made.settlement.deliver(file.id)
    assert list(made.settlement.delivered(ACCOUNT)) == [file.name]
    with pytest.raises(Misdirected, match="was delivered already"):
        made.settlement.deliver(file.id)


def test_unfinished_file_is_half_there_until_delivered() -> None:
    made = Payments()
    (file,) = made.cut(faults=[SettlementFault(kind="unfinished")])
    (half,) = made.settlement.delivered(ACCOUNT).values()
    assert file.content.startswith(half.content)
    assert len(half.content) == len(file.content) // 2
    made.settlement.deliver(file.id)
    (whole,) = made.settlement.delivered(ACCOUNT).values()
    assert whole.content == file.content
    assert whole.delivered_at != half.delivered_at


def test_replaced_file_has_its_name_and_other_bytes() -> None:
    made = Payments()
    made.add(movement(), movement())
    (before,) = made.cut()
    made.settlement.replace(before.id, [SettlementFault(kind="drop_row")])
    (after,) = made.settlement.delivered(ACCOUNT).values()
    assert after.name == before.name
    assert len(read_file(after.content).rows) == 1
    assert flaws_of(read_file(after.content)) == []
    assert made.settlement.replace(after.id, []).content != after.content
    assert made.settlement.count() == 1


def test_oldest_files_are_dropped_past_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psp_sandbox.paypal.settlement.MAX_FILES", 2)
    made = Payments()
    names = [made.cut()[0].name for _ in range(3)]
    assert list(made.settlement.delivered(ACCOUNT)) == names[1:]
