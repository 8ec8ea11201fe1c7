"""What is written is read again: random rows in the layouts of PayPal and Stripe, and files cut or damaged anywhere."""

from datetime import UTC, datetime, timedelta, timezone
from string import ascii_uppercase, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.money import Money
from fincore.domain.settlement_events import LineKind
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import FileRefused, ReadFormat
from fixtures.settlement_files import StlRow, itemized_row, joined, lines_of, parsed, stl_lines, table

WORDS = st.text(ascii_uppercase + digits, min_size=1, max_size=17)
MINOR = st.integers(0, 10**9)
SECONDS = st.integers(0, 2**31)
STL_KINDS: dict[tuple[str, str], LineKind] = {
    ("T0006", "CR"): "payment",
    ("T0000", "DR"): "outgoing",
    ("T1107", "DR"): "refund",
    ("T1201", "DR"): "dispute",
    ("T1202", "CR"): "dispute_reversal",
    ("T1110", "DR"): "hold",
    ("T1111", "CR"): "release",
    ("T1900", "CR"): "adjustment",
    ("T2103", "DR"): "reserve",
    ("T0105", "DR"): "account_fee",
}
CATEGORY_KINDS: dict[str, LineKind] = {
    "charge": "payment",
    "refund": "refund",
    "dispute": "dispute",
    "fee": "account_fee",
    "other_adjustment": "adjustment",
}
ZONE = timezone(timedelta(hours=-7))


def stl_time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, ZONE).strftime("%Y/%m/%d %H:%M:%S %z")


@st.composite
def stl_lines_and_rows(draw: st.DrawFn) -> tuple[list[SettlementLine], list[StlRow]]:
    """Lines, and the rows that say the same."""
    lines, rows = [], []
    for place in range(draw(st.integers(0, 8))):
        code, direction = draw(st.sampled_from(sorted(STL_KINDS)))
        currency = draw(st.sampled_from(["usd", "eur", "jpy"]))
        gross_minor, fee_minor, seconds = draw(MINOR), draw(MINOR), draw(st.integers(10**9, 2**31))
        fee_direction = draw(st.sampled_from(["CR", "DR"])) if fee_minor else ""
        own, reference, bank = (
            draw(WORDS),
            draw(st.one_of(st.just(""), WORDS)),
            draw(st.one_of(st.just(""), WORDS)),
        )
        reference_type = draw(st.sampled_from(["TXN", "ODR"])) if reference else ""
        scale = 100 if currency == "jpy" else 1
        rows.append(
            StlRow(
                own,
                code,
                direction,
                str(gross_minor * scale),
                currency.upper(),
                fee_direction,
                str(fee_minor * scale) if fee_minor else "",
                "",
                reference,
                reference_type,
                stl_time(seconds),
                stl_time(seconds),
                "",
                bank,
            )
        )
        is_parent = reference_type == "TXN"
        lines.append(
            SettlementLine(
                number=5 + place,
                kind=STL_KINDS[code, direction],
                psp_type=code,
                psp_reference=own,
                references=(own, reference) if reference and not is_parent else (own,),
                parent_reference=reference if is_parent else None,
                our_reference=None,
                currency=Currency(currency),
                gross_minor=gross_minor if direction == "CR" else -gross_minor,
                fee_minor=fee_minor if fee_direction == "CR" else -fee_minor,
                occurred_at=datetime.fromtimestamp(seconds, UTC),
                payout_reference=None,
                bank_reference=bank or None,
                presentment=None,
                group=None,
            )
        )
    return lines, rows


def decimal_text(minor: int, currency: str) -> str:
    """As Stripe writes an amount: without padding."""
    exponent = EXPONENTS[Currency(currency)]
    whole, fraction = divmod(abs(minor), 10**exponent)
    text = f"{whole}.{fraction:0{exponent}d}".rstrip("0").rstrip(".") if fraction else str(whole)
    return f"-{text}" if minor < 0 else text


@st.composite
def itemized_lines_and_rows(draw: st.DrawFn) -> tuple[list[SettlementLine], list[dict[str, str]]]:
    """Lines, and the rows that say the same."""
    lines, rows = [], []
    for place in range(draw(st.integers(0, 8))):
        category = draw(st.sampled_from(sorted(CATEGORY_KINDS)))
        currency, shown_in = (
            draw(st.sampled_from(["usd", "jpy", "kwd"])),
            draw(st.sampled_from(["usd", "jpy"])),
        )
        gross_minor, fee_minor = draw(st.integers(-(10**9), 10**9)), draw(st.integers(-(10**9), 10**9))
        shown_minor, seconds = draw(MINOR), draw(st.integers(13 * 10**8, 2**31))
        own, source, intent, payout = (
            draw(WORDS),
            draw(WORDS),
            draw(WORDS),
            draw(st.one_of(st.just(""), WORDS)),
        )
        rows.append(
            itemized_row(
                balance_transaction_id=own,
                created_utc=datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S"),
                currency=draw(st.sampled_from([currency, currency.upper()])),
                gross=decimal_text(gross_minor, currency),
                fee=decimal_text(-fee_minor, currency),
                net=decimal_text(gross_minor + fee_minor, currency),
                reporting_category=category,
                source_id=source,
                automatic_payout_id=payout,
                charge_id="",
                payment_intent_id=intent,
                customer_facing_amount=decimal_text(shown_minor, shown_in),
                customer_facing_currency=shown_in,
            )
        )
        kind = CATEGORY_KINDS[category]
        lines.append(
            SettlementLine(
                number=2 + place,
                kind=kind,
                psp_type=category,
                psp_reference=own,
                references=(source, intent),
                parent_reference=None if kind == "payment" else intent,
                our_reference=None,
                currency=Currency(currency),
                gross_minor=gross_minor,
                fee_minor=fee_minor,
                occurred_at=datetime.fromtimestamp(seconds, UTC),
                payout_reference=payout or None,
                bank_reference=None,
                presentment=None
                if shown_in == currency
                else Money(abs(shown_minor) if gross_minor >= 0 else -abs(shown_minor), Currency(shown_in)),
                group=None,
            )
        )
    return lines, rows


@settings(deadline=None, max_examples=50)
@given(stl_lines_and_rows())
def test_paypal_rows_that_are_written_are_read_again(both: tuple[list[SettlementLine], list[StlRow]]) -> None:
    lines, rows = both
    file = parsed(joined(stl_lines(rows)), "paypal_stl")
    assert list(file.lines) == lines
    for currency, totals in file.computed.items():
        assert totals.net_minor == sum(one.net_minor for one in lines if one.currency == currency)
        assert file.stated[currency].rows == totals.rows


@settings(deadline=None, max_examples=50)
@given(itemized_lines_and_rows())
def test_stripe_rows_that_are_written_are_read_again(
    both: tuple[list[SettlementLine], list[dict[str, str]]],
) -> None:
    lines, rows = both
    file = parsed(table(rows), "stripe_payout_itemized")
    assert list(file.lines) == lines
    for currency, totals in file.computed.items():
        assert totals.net_minor == sum(one.net_minor for one in lines if one.currency == currency)


@settings(deadline=None, max_examples=50)
@given(stl_lines_and_rows(), st.data())
def test_paypal_report_cut_anywhere_is_refused(
    both: tuple[list[SettlementLine], list[StlRow]], data: st.DataObject
) -> None:
    content = joined(stl_lines(both[1]))
    # Without its last line end or the last count's digits the file says the same, or another count.
    cut = content[: data.draw(st.integers(0, len(content) - len(b"1\n") - 1))]
    with pytest.raises(FileRefused):
        lines_of(cut, "paypal_stl")


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=200), st.sampled_from(sorted(FORMATS)))
def test_any_bytes_are_refused_in_a_sentence(content: bytes, file_format: ReadFormat) -> None:
    with pytest.raises(FileRefused):
        lines_of(content, file_format)
