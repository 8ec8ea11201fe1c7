"""Card numbers are found in any text and grouping; other long numbers are left alone."""

import pytest

from fincore.domain.card_number import holds_card_number, passes_luhn, without_card_numbers

TEST_CARDS = ["4242424242424242", "378282246310005", "6011111111111117", "5555555555554444", "30569309025904"]


@pytest.mark.parametrize("card", TEST_CARDS)
@pytest.mark.parametrize("around", ["{}", "card {} please", '{{"number":"{}"}}', "a{}b", "{},"])
def test_a_card_number_is_found_and_masked(card: str, around: str) -> None:
    text = around.format(card)
    assert holds_card_number(text)
    assert without_card_numbers(text) == around.format("[card number]")


@pytest.mark.parametrize("card", ["4242 4242 4242 4242", "4242-4242-4242-4242"])
def test_grouping_hides_nothing(card: str) -> None:
    assert without_card_numbers(f"x {card} y {card}") == "x [card number] y [card number]"


@pytest.mark.parametrize(
    "text",
    ["4242424242424241", "1764000000000", "12345", "0" * 16, "1" * 30, "ch_01m82z24fee4ks56hmzbyc7q92", ""],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not holds_card_number(text)
    assert without_card_numbers(text) == text


def test_luhn_is_the_published_check() -> None:
    assert passes_luhn("79927398713")
    assert [n for n in range(10) if passes_luhn(f"7992739871{n}")] == [3]
