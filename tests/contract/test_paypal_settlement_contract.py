"""What the sandbox's PayPal writes, FinCore reads: with all control totals right, and refused where a file is at fault."""

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fincore.domain.currency import Currency, exponent_of
from fincore.domain.ids import new_charge_id
from fincore.domain.settlement_events import LineKind
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import Expected, FileRefused, ParsedFile
from fincore.reconciliation.totals import differences
from fixtures.paypal_client import PayPalClient, amount
from fixtures.paypal_movements import ACCOUNT, Payments, movement, movements
from fixtures.sandbox import SandboxProcess
from fixtures.settlement_days import USER, Days
from psp_sandbox.paypal.money import decimals
from psp_sandbox.paypal.settlement_faults import ROW_FAULTS, SettlementFault
from psp_sandbox.paypal.transaction_rows import Row

EXPECTED = Expected(account_id="SANDBQXMERCH7")


def read(content: bytes) -> tuple[list[SettlementLine], ParsedFile]:
    """The lines of a file, and what is known at its end."""
    parsed = FORMATS["paypal_stl"].parse(BytesIO(content), EXPECTED)
    lines = list(parsed.lines)
    assert differences(parsed.stated, parsed.computed) == []
    return lines, parsed


def minor_of(amount_minor: int, currency: str) -> int:
    """PayPal's minor units as the ledger's, which differ for HUF."""
    return amount_minor * (100 if exponent_of(Currency(currency.lower())) > decimals(currency) else 1)


def net_of(row: Row) -> tuple[str, str, int]:
    """Id, currency and net amount of a movement."""
    return row.id, row.currency.lower(), minor_of(row.minor + row.fee_minor, row.currency)


@settings(max_examples=25, deadline=None)
@given(
    days=st.lists(st.lists(movements(), max_size=8), min_size=1, max_size=3),
    max_rows=st.integers(1, 9),
    withdraw=st.sampled_from(["everything", "nothing"]),
)
def test_random_reports_are_read_with_their_totals(
    days: list[list[Row]], max_rows: int, withdraw: str
) -> None:
    made = Payments()
    ended: dict[Currency, int] = {}
    nets: list[tuple[str, str, int]] = []
    for day in days:
        made.add(*day)
        files = made.cut(max_rows=max_rows, withdraw=withdraw)
        for number, file in enumerate(files, 1):
            lines, parsed = read(file.content)
            assert (parsed.facts.sequence, parsed.facts.continued) == (number, number < len(files))
            for currency, stated in parsed.stated.items():
                assert stated.beginning_minor == ended.get(currency, 0)
                ended[currency] = stated.ending_minor or 0
            nets += [(one.psp_reference, one.currency, one.gross_minor + one.fee_minor) for one in lines]
    assert nets == [net_of(row) for _, row in made.balances.all()]
    for code, balance in made.balances.of(ACCOUNT).items():
        assert ended.get(Currency(code.lower()), 0) == minor_of(balance.available_minor, code)


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(movements(), min_size=1, max_size=5), kind=st.sampled_from(sorted(ROW_FAULTS)))
def test_report_with_a_fault_of_a_row_is_read_as_it_states(rows: list[Row], kind: Any) -> None:
    made = Payments()
    made.add(*rows)
    named = next((row for row in rows if row.currency in {"USD", "EUR"}), rows[0])
    (file,) = made.cut(faults=[SettlementFault(kind=kind, transaction_id=named.id)])
    if kind == "unknown_code":
        with pytest.raises(FileRefused, match="'T6001' is no transaction event code of a known group"):
            read(file.content)
        return
    lines, _ = read(file.content)
    assert len(lines) == len(rows) + {"drop_row": -1, "double_row": 1}.get(kind, 0)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("wrong_footer", "its totals move 192.05 USD, and the available balance"),
        ("wrong_count", "states 3 rows"),
        ("wrong_account", "is about the account 'SANDBQXOTHER3'"),
        ("missing_column", "has 22 fields, and the column header 21"),
        ("cut_off", "the file ends here"),
    ],
)
def test_file_at_fault_is_refused_for_that_fault(kind: Any, reason: str) -> None:
    made = Payments()
    made.add(movement(), movement())
    (file,) = made.cut(faults=[SettlementFault(kind=kind)])
    with pytest.raises(FileRefused, match=reason):
        read(file.content)


@pytest.mark.parametrize("kind", ["byte_order_mark", "utf_16"])
def test_form_of_a_file_does_not_change_what_is_read(kind: Any) -> None:
    made = Payments()
    made.add(movement(), movement(currency="JPY"))
    (file,) = made.cut(faults=[SettlementFault(kind=kind)])
    lines, _ = read(file.content)
    assert [(one.gross_minor, one.fee_minor) for one in lines] == [(10_000, -398)] * 2


def test_unfinished_file_is_refused_at_any_length() -> None:
    made = Payments()
    made.add(movement(), movement())
    (file,) = made.cut()
    lines = file.content.splitlines(keepends=True)
    for kept in range(len(lines)):
        with pytest.raises(FileRefused):
            read(b"".join(lines[:kept]))


def test_life_of_payments_is_read_by_kind_and_reference(
    psp_sandbox: SandboxProcess,
) -> None:
    days, paypal = Days(psp_sandbox), PayPalClient(psp_sandbox.url)
    charge_id = new_charge_id()
    paid = paypal.captured(custom_id=charge_id)
    refund = paypal.refund(paid["id"], amount("40.00")).json
    days.post(f"refunds/{refund['id']}/fail")
    charged_back, held, euro = (
        paypal.captured(),
        paypal.captured(),
        paypal.captured(currency="EUR", invoice_id="INV-7"),
    )
    days.post(f"captures/{charged_back['id']}/dispute", {"stage": "CHARGEBACK"})
    days.post(f"captures/{held['id']}/dispute", {})
    days.post(f"captures/{euro['id']}/convert", {"to_currency": "USD", "to_minor": 10_400})
    days.post(
        f"balances/{USER}/convert",
        {"currency": "USD", "amount_minor": 1_000, "to_currency": "EUR", "to_minor": 900},
    )
    days.post(f"balances/{USER}/move", {"code": "T2103", "currency": "USD", "amount_minor": -100})
    (file,) = days.cut(withdraw=[{"currency": "USD", "amount_minor": 2_500}])
    lines, _ = read(days.content(file))
    kinds: list[LineKind] = [one.kind for one in lines]
    assert kinds == [
        "payment", "refund", "refund_failed", "payment", "payment", "payment", "dispute", "dispute", "hold",
        "conversion", "conversion", "conversion", "conversion", "reserve", "payout",
    ]  # fmt: skip
    by_code = {one.psp_type: one for one in lines}
    assert (lines[0].psp_reference, lines[0].our_reference) == (paid["id"], charge_id)
    assert by_code["T1107"].parent_reference == paid["id"]
    assert by_code["T1100"].parent_reference == refund["id"]
    assert by_code["T1201"].parent_reference == charged_back["id"]
    assert by_code["T0106"].parent_reference == by_code["T1201"].psp_reference
    assert by_code["T1110"].parent_reference == held["id"]
    first, second, third, fourth = (one for one in lines if one.kind == "conversion")
    assert first.group == second.group != third.group
    assert (third.group, fourth.group) == (fourth.psp_reference, third.psp_reference)
    assert lines[-1].payout_reference == lines[-1].psp_reference
    assert lines[-1].bank_reference
    (sent_back,) = days.post(f"withdrawals/{lines[-1].psp_reference}/return")["data"]
    (returned,) = read(days.content(days.cut()[0]))[0]
    assert (returned.kind, returned.psp_reference) == ("payout_returned", sent_back["id"])
    assert returned.payout_reference == lines[-1].psp_reference
