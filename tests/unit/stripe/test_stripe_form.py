"""Stripe's form dialect, with the encoder of Stripe's own SDK as the oracle."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from fincore.write.psp.stripe.form import Form, encode_form

FORMS: list[Form] = [
    {"amount": 1999, "confirm": True, "capture": False},
    {"metadata": {"fincore_charge_id": "ch_1", "k e y": "a&b=c"}},
    {"expand": ["latest_charge", "payment_method"], "created": {"gte": 17}},
    {"description": "naïve ☕ %[x]", "receipt_email": None},
    {"a": {"b": [{"c": "d"}, {"c": "e"}]}},
]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_encoded_as_the_official_sdk_does(form: Form) -> None:
    oracle = [(name, str(value)) for name, value in _api_encode(form)]
    assert parse_qsl(encode_form(form), strict_parsing=True) == oracle


def test_none_is_left_out_and_an_empty_text_is_not() -> None:
    assert encode_form({"a": None, "b": ""}) == "b="


@given(name=st.text(min_size=1), value=st.text())
def test_any_text_arrives_as_it_was(name: str, value: str) -> None:
    encoded = encode_form({"metadata": {name: value}})
    assert encoded.isascii()
    assert parse_qsl(encoded, keep_blank_values=True) == [(f"metadata[{name}]", value)]
