"""Which pages the worker tells a PSP for the customer to come back to."""

import pytest

from fincore.domain.payment_method import CardToken, PaymentMethod, PayPalWallet
from fincore.write.psp.port import AuthorizeRequest
from fixtures.scripted_psp import ScriptedPsp, lost_after, require_approval
from fixtures.worker_harness import harness_in_memory

PAGE = "https://pay.example/return/ch_1/word"
BACK, CART = "https://shop.example/back", "https://shop.example/cart"


@pytest.mark.parametrize(
    ("method", "expected"),
    [(PayPalWallet(), (PAGE, f"{PAGE}/canceled")), (CardToken("pm_1"), (BACK, CART))],
    ids=["wallet", "card"],
)
async def test_psp_is_told_our_page_for_a_wallet_only(
    method: PaymentMethod, expected: tuple[str, str]
) -> None:
    """The request is a function of the charge: a call repeated after a lost answer names the same pages."""
    told: list[AuthorizeRequest] = []
    psp = ScriptedPsp(lost_after, require_approval)

    async def listen(request: AuthorizeRequest) -> None:
        told.append(request)

    psp.before_answer = listen
    async with harness_in_memory(psp) as harness:
        await harness.charge(payment_method=method, return_url=BACK, cancel_url=CART, return_page=PAGE)
        await harness.idle()
    assert {(request.return_url, request.cancel_url) for request in told} == {expected}
