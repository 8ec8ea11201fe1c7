"""JSON of an unknown shape, as staff may see it."""

import json

import pytest

from fincore.domain.masked_json import MASK, TEXT_CHARACTERS_MAX, masked_json


def test_masked_json_keeps_amounts_states_and_references() -> None:
    fields = {
        "amount_minor": 1999,
        "currency": "usd",
        "psp_reference": "pi_1",
        "capture_method": "manual",
        "is_final": True,
        "nested": [{"status": "lost", "at": None}],
    }
    assert json.loads(masked_json(json.dumps(fields))) == fields


@pytest.mark.parametrize(
    "name",
    [
        "client_secret",
        "clientSecret",
        "card",
        "cardNumber",
        "cvc",
        "customer_email",
        "API_KEY",
        "tokens",
        "redirect_url",
        "metadata",
    ],
)
def test_masked_json_hides_sensitive_fields_at_any_depth(name: str) -> None:
    shown = masked_json(json.dumps({"a": [{name: {"x": "hidden"}}], name: 123456}))
    assert json.loads(shown) == {"a": [{name: MASK}], name: MASK}


@pytest.mark.parametrize(
    "value", ["4242424242424242", "4242 4242 4242 4242", 4242424242424242, "ada@shop.example"]
)
def test_masked_json_hides_card_numbers_and_emails(value: object) -> None:
    shown = masked_json(json.dumps({"note": value, "4242424242424242": "x"}))
    assert "4242" not in shown
    assert "ada" not in shown


def test_masked_json_is_bounded_and_takes_what_is_no_json() -> None:
    assert len(masked_json(json.dumps({"a": "x" * 10_000}))) == TEXT_CHARACTERS_MAX + 3
    assert masked_json("{") == "(no JSON)"
