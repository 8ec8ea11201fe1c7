"""The demo prints each difference between FinCore, the PSP and the ledger."""

from urllib.parse import urlencode

from demo.agreement import Comparison, compare, unbooked
from demo.sale import Charge, is_blocked

from fixtures.http_exchange import exchange
from fixtures.sandbox import SandboxProcess

BOOKS = """\
account                     debit     credit    balance
merchant:mer_1:payable:usd  5.00 USD  39.98 USD  34.98 USD
usd: balanced"""


def charge(
    *, captured_minor: int, refunded_minor: int, disputes: tuple[dict[str, object], ...] = ()
) -> Charge:
    return {
        "currency": "usd",
        "amount_captured_minor": captured_minor,
        "amount_refunded_minor": refunded_minor,
        "disputes": list(disputes),
    }


def test_rows_missing_or_unequal_on_one_side_are_differences() -> None:
    compared = Comparison(
        kind="refunds",
        here={"re_1": (500,), "re_2": (700,), "re_3": (900,)},
        there={"re_1": (500,), "re_2": (701,), "re_4": (100,)},
        agreed="",
    )
    assert list(compared.differences()) == [
        "refunds re_2: FinCore says (700,), the PSP (701,)",
        "refunds re_3: FinCore says (900,), the PSP None",
        "refunds re_4: FinCore says None, the PSP (100,)",
    ]


def test_books_that_owe_what_the_charges_come_to_are_right() -> None:
    assert unbooked(BOOKS, [charge(captured_minor=3998, refunded_minor=500)]) == []


def test_dispute_is_booked_as_withdrawn_less_reinstated_plus_fee() -> None:
    dispute: dict[str, object] = {
        "movements_currency": "usd",
        "amount_withdrawn_minor": 1000,
        "amount_reinstated_minor": 600,
        "fee_minor": 100,
    }
    assert unbooked(BOOKS, [charge(captured_minor=3998, refunded_minor=0, disputes=(dispute,))]) == []


def test_books_owing_another_amount_are_reported() -> None:
    assert unbooked(BOOKS, [charge(captured_minor=3998, refunded_minor=0)]) == [
        "the books owe the shop 34.98 USD, its payments come to 39.98 USD"
    ]
    assert unbooked("no accounts", [charge(captured_minor=100, refunded_minor=0)]) == [
        "the books owe the shop nothing, its payments come to 1.00 USD"
    ]


def test_page_that_no_customer_paid_is_a_payment_of_nothing(psp_sandbox: SandboxProcess) -> None:
    form = {
        "mode": "payment",
        "success_url": "https://shop.example/back",
        "client_reference_id": "ch_1",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "1000",
        "line_items[0][price_data][product_data][name]": "Tea",
    }
    key = {"Authorization": "Bearer sk_test_agreement"}
    reply = exchange(psp_sandbox.url, "POST", "/v1/checkout/sessions", urlencode(form), key)
    assert reply.status == 200
    unpaid = charge(captured_minor=0, refunded_minor=0) | {
        "id": "ch_1",
        "amount_refunded_minor": 0,
        "status": "expired",
        "refunds": [],
    }
    payments, _, _ = compare([unpaid], psp_sandbox.url)
    assert list(payments.differences()) == []


def test_blocked_charge_is_expected_at_no_psp() -> None:
    blocked = charge(captured_minor=0, refunded_minor=0) | {"failure": {"code": "blocked_by_risk"}}
    assert is_blocked(blocked)
    assert not is_blocked(blocked | {"failure": {"code": "card_declined"}})
    assert not is_blocked(blocked | {"failure": None})
