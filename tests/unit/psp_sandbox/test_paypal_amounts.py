"""Amounts and fees of the simulated PayPal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psp_sandbox.paypal import fees
from psp_sandbox.paypal.approval_page import PAYER_ID_ALPHABET, payer_of
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.money import read_amount, shown
from psp_sandbox.paypal.records import Amount


@pytest.mark.parametrize(
    ("currency", "value", "minor"),
    [
        ("USD", "100.00", 10_000),
        ("USD", "7", 700),
        ("USD", ".5", 50),
        ("USD", "-0.10", -10),
        ("JPY", "500", 500),
    ],
)
def test_amount_text_is_read_in_minor_units(currency: str, value: str, minor: int) -> None:
    assert read_amount(currency, value, field="/amount") == Amount(currency, minor)


@pytest.mark.parametrize("value", ["", "1.", "1,0", " 1", "1e3", "0x1", "\N{ARABIC-INDIC DIGIT ONE}"])
def test_text_that_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(Refusal, match="INVALID_PARAMETER_SYNTAX"):
        read_amount("USD", value, field="/amount")


@given(st.sampled_from(["USD", "HUF"]), st.integers(min_value=-(10**12), max_value=10**12))
def test_shown_amount_is_read_back(currency: str, minor: int) -> None:
    value = str(shown(currency, minor)["value"])
    assert read_amount(currency, value, field="/amount").minor == minor


@given(st.lists(st.integers(min_value=1, max_value=10**6), min_size=1, max_size=5), st.integers(0, 10**6))
def test_refunds_together_give_back_at_most_the_fee(refunds: list[int], kept: int) -> None:
    captured, before, back = sum(refunds) + kept, 0, 0
    for refund in refunds:
        returned = fees.returned_minor(refund, refunded_before_minor=before, captured_minor=captured)
        assert 0 <= returned <= refund
        before, back = before + refund, back + returned
    assert back <= fees.fee_minor(captured)
    assert back == min(fees.rate_minor(before), fees.fee_minor(captured))


@given(st.emails())
def test_payer_of_an_email_is_always_the_same(email: str) -> None:
    payer = payer_of(email)
    assert payer == payer_of(email)
    assert len(payer.id) == 13
    assert set(payer.id) <= set(PAYER_ID_ALPHABET)
