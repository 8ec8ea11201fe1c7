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


@pytest.mark.parametrize("before", ["5 ", "52 ", "2026-", "4000 ", "4242 "])
@pytest.mark.parametrize("after", ["", " 5", " 52", "-4242", " 12"])
def test_other_numbers_beside_it_do_not_hide_it(before: str, after: str) -> None:
    assert holds_card_number(f"{before}4242424242424242{after}")
    assert holds_card_number(f"{before}3782 822463 10005{after}")


@pytest.mark.parametrize(
    "text",
    ["4242424242424241", "1764000000000", "12345", "0" * 16, "1" * 30, "ch_01m82z24fee4ks56hmzbyc7q92", ""],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not holds_card_number(text)
    assert without_card_numbers(text) == text


@pytest.mark.parametrize(
    "identifier",
    [
        "9dca4242424242424242bf1be2f0cd52",
        "pi_9DCA4242424242424242BF1BE2F0CD52",
        "ab424242-4242-4242-8424-abcdefabcdef",
        "24242424-2424-4242-8424-242a24242420",
    ],
)
def test_a_uuid_with_many_digits_is_no_card(identifier: str) -> None:
    assert not holds_card_number(identifier)
    assert without_card_numbers(f"{identifier} 4242424242424242") == f"{identifier} [card number]"


def test_digits_alone_are_no_uuid() -> None:
    assert holds_card_number("12345678-1234-1234-1234-4242424242424242")
    assert holds_card_number("x4242424242424242x")


def test_luhn_is_the_published_check() -> None:
    assert passes_luhn("79927398713")
    assert [n for n in range(10) if passes_luhn(f"7992739871{n}")] == [3]
