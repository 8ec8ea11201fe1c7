"""Where a customer comes back to, and where they go on."""

from fincore.domain.ids import ChargeId
from fincore.domain.payment_method import CardToken, HostedCard, PayPalVaultToken, PayPalWallet
from fincore.domain.return_page import new_word, pages_of, return_page, word_of

CHARGE_ID = ChargeId("ch_01kab5m5wvfb9v1c2m5hfv0d2e")
BACK, CART = "https://shop.example/back", "https://shop.example/cart"
PAGE = return_page("https://pay.example", CHARGE_ID, "word")


def test_a_page_is_named_by_charge_and_word() -> None:
    assert f"https://pay.example/return/{CHARGE_ID}/word" == PAGE
    assert word_of(PAGE) == "word"


def test_words_cannot_be_guessed_and_fit_into_a_path() -> None:
    words = {new_word() for _ in range(100)}
    assert len(words) == 100
    assert {len(word) for word in words} == {24}
    assert all(word.replace("-", "").replace("_", "").isalnum() for word in words)


def test_who_approves_at_paypal_comes_back_to_our_page() -> None:
    for method in (PayPalWallet(), PayPalVaultToken("8kk8451t")):
        pages = pages_of(method, PAGE, return_url=BACK, cancel_url=CART)
        assert pages == (PAGE, f"{PAGE}/canceled")


def test_a_banks_page_leads_straight_to_the_merchant() -> None:
    """Also where the next attempt is with a wallet."""
    for method in (CardToken("pm_1"), HostedCard()):
        assert pages_of(method, PAGE, return_url=BACK, cancel_url=CART) == (BACK, CART)
    assert pages_of(PayPalWallet(), None, return_url=BACK, cancel_url=CART) == (BACK, CART)
