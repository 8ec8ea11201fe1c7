"""The gateway's calls about payments: what PayPal is sent, and what its answers come to, over real HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import CancelReason
from fincore.domain.ids import new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Consented,
    Declined,
    Expired,
    OperationOutcome,
    Outcome,
    PspAccount,
    PspReference,
    Rejected,
    Retryable,
    SubReference,
    Unknown,
)
from fincore.domain.payment_method import (
    CardToken,
    HostedCard,
    PaymentMethod,
    PayPalVaultToken,
    PayPalWallet,
)
from fincore.write.psp.paypal.amounts import PayPalMoney
from fincore.write.psp.paypal.gateway import PayPalGateway
from fincore.write.psp.paypal.requests import capture_body, order_body, refund_body
from fincore.write.psp.port import (
    CancelRequest,
    CaptureRequest,
    CompleteRequest,
    Inquiry,
    NotFound,
    RefundRequest,
)
from fixtures.paypal_spec import problems_of_request, specs_or_skip
from fixtures.paypal_stub import (
    AT,
    AUTHORIZATION_ID,
    CAPTURE_ID,
    ORDER_ID,
    TEST,
    USD_19_99,
    Json,
    PayPalStub,
    authorization_json,
    capture_json,
    error,
    order_json,
    paypal_authorization,
    paypal_gateway,
    paypal_stub,
    stamp,
    unprocessable,
    usd,
)
from fixtures.scripted_psp import SteppedClock

CHARGE = new_charge_id()
ORDERS = "/v2/checkout/orders"
ORDER = f"{ORDERS}/{ORDER_ID}"
HOLD = f"/v2/payments/authorizations/{AUTHORIZATION_ID}"
RENEWED_ID = "9RENEWED"
RENEWED = f"/v2/payments/authorizations/{RENEWED_ID}"
PAGE = "https://www.paypal.com/checkoutnow?token=again"


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(AT)


@pytest.fixture
async def paypal() -> AsyncIterator[PayPalStub]:
    async with paypal_stub() as stub:
        yield stub


@pytest.fixture
async def gateway(paypal: PayPalStub, clock: SteppedClock) -> AsyncIterator[PayPalGateway]:
    gateway = paypal_gateway(paypal.url, clock=clock)
    yield gateway
    await gateway.close()


async def complete(gateway: PayPalGateway, **changes: Any) -> Outcome:
    given: Json = {
        "charge_id": CHARGE,
        "idempotency_key": f"{CHARGE}:complete:1",
        "psp_account": TEST,
        "psp_reference": PspReference(ORDER_ID),
        "money": USD_19_99,
        "capture_method": "automatic",
    }
    return await gateway.complete(CompleteRequest(**(given | changes)))


async def capture(
    gateway: PayPalGateway,
    *,
    held_since: datetime | None = AT,
    authorization: str | None = AUTHORIZATION_ID,
    money: Money = USD_19_99,
) -> OperationOutcome:
    return await gateway.capture(
        CaptureRequest(
            charge_id=CHARGE,
            idempotency_key=f"{CHARGE}:capture:1",
            psp_account=TEST,
            psp_reference=PspReference(ORDER_ID),
            money=money,
            authorization=None if authorization is None else PspReference(authorization),
            held_since=held_since,
        )
    )


async def cancel(
    gateway: PayPalGateway,
    reason: CancelReason = "duplicate",
    authorization: str | None = None,
) -> OperationOutcome:
    return await gateway.cancel(
        CancelRequest(
            charge_id=CHARGE,
            idempotency_key=f"{CHARGE}:cancel:1",
            psp_account=TEST,
            psp_reference=PspReference(ORDER_ID),
            reason=reason,
            authorization=None if authorization is None else PspReference(authorization),
        )
    )


async def inquire(gateway: PayPalGateway, **changes: Any) -> Outcome | NotFound:
    given: Json = {
        "charge_id": CHARGE,
        "psp_account": TEST,
        "created_at": AT,
        "payment_method": PayPalWallet(),
    }
    return await gateway.inquire(Inquiry(**(given | changes)))


def called(paypal: PayPalStub) -> list[tuple[str, str]]:
    return [(one.method, one.path) for one in paypal.told]


# --- authorize


async def test_wallet_becomes_order_that_its_customer_approves(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("POST", ORDERS, 201, order_json(CHARGE, "PAYER_ACTION_REQUIRED"))
    outcome = await gateway.authorize(paypal_authorization(CHARGE, description="x" * 200))
    assert outcome == ActionRequired(
        psp_reference=PspReference(ORDER_ID),
        redirect_url=f"https://www.paypal.com/checkoutnow?token={ORDER_ID}",
    )
    (told,) = paypal.told
    assert told.headers["paypal-request-id"] == f"{CHARGE}:authorize:1"
    assert told.headers["prefer"] == "return=representation"
    assert told.headers["authorization"] == "Bearer A21AA1"
    assert told.body == {
        "intent": "CAPTURE",
        "purchase_units": [
            {
                "custom_id": CHARGE,
                "invoice_id": CHARGE,
                "amount": usd("19.99"),
                "description": "x" * 127,
            }
        ],
        "payment_source": {
            "paypal": {
                "experience_context": {
                    "return_url": f"https://shop.example/back?basket=7&charge={CHARGE}#paid",
                    "cancel_url": f"https://shop.example/cancel?charge={CHARGE}",
                    "user_action": "PAY_NOW",
                    "shipping_preference": "NO_SHIPPING",
                }
            }
        },
    }


@pytest.mark.parametrize("missing", ["return_url", "cancel_url"])
async def test_wallet_without_both_pages_is_declined_unasked(
    paypal: PayPalStub, gateway: PayPalGateway, missing: str
) -> None:
    outcome = await gateway.authorize(paypal_authorization(CHARGE, **{missing: None}))
    assert isinstance(outcome, Declined)
    assert outcome.failure.code == "authentication_required"
    assert paypal.told == []


@pytest.mark.parametrize("method", [CardToken("pm_x"), HostedCard()])
async def test_a_card_is_declined_unasked(
    paypal: PayPalStub, gateway: PayPalGateway, method: PaymentMethod
) -> None:
    outcome = await gateway.authorize(paypal_authorization(CHARGE, payment_method=method))
    assert isinstance(outcome, Declined)
    assert outcome.failure.code == "payment_method_invalid"
    assert paypal.told == []


async def test_kept_token_pays_in_the_call_that_makes_the_order(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    held = order_json(CHARGE, authorizations=[authorization_json(CHARGE)])
    paypal.put("POST", ORDERS, 201, held)
    outcome = await gateway.authorize(
        paypal_authorization(
            CHARGE,
            payment_method=PayPalVaultToken("8kk-845"),
            capture_method="manual",
            return_url=None,
            cancel_url=None,
        )
    )
    assert isinstance(outcome, Approved)
    assert outcome.kind == "authorized"
    (told,) = paypal.told
    assert told.body["intent"] == "AUTHORIZE"
    assert told.body["payment_source"] == {"paypal": {"vault_id": "8kk-845"}}


async def test_order_answered_201_with_refused_capture_is_declined(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    refused = order_json(CHARGE, "COMPLETED", captures=[capture_json(CHARGE, "DECLINED")])
    paypal.put("POST", ORDERS, 201, refused)
    outcome = await gateway.authorize(
        paypal_authorization(CHARGE, payment_method=PayPalVaultToken("8kk-845"))
    )
    assert isinstance(outcome, Declined)


async def test_kept_token_that_needs_its_customer_has_no_page(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("POST", ORDERS, 200, order_json(CHARGE, "PAYER_ACTION_REQUIRED"))
    request = paypal_authorization(
        CHARGE, payment_method=PayPalVaultToken("8kk-845"), return_url=None, cancel_url=None
    )
    outcome = await gateway.authorize(request)
    assert isinstance(outcome, Declined)
    assert (outcome.failure.code, outcome.psp_reference) == ("authentication_required", ORDER_ID)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (422, unprocessable("INSTRUMENT_DECLINED"), Declined),
        (422, unprocessable("PAYEE_ACCOUNT_RESTRICTED"), Declined),
        (404, error("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"), Declined),
        (422, unprocessable("DUPLICATE_INVOICE_ID"), Unknown),
        (422, unprocessable("SOMETHING_NEW"), Unknown),
        (400, error("INVALID_REQUEST"), Unknown),
        (500, error("INTERNAL_SERVER_ERROR"), Unknown),
        (201, b"{", Unknown),
        (201, order_json("ch_another", captures=[capture_json("ch_another")]), Unknown),
        (429, error("RATE_LIMIT_REACHED"), Retryable),
        (403, error("NOT_AUTHORIZED", "PERMISSION_DENIED"), Retryable),
    ],
)
async def test_answer_to_new_order_comes_to_what_it_is_known_to_be(
    paypal: PayPalStub, gateway: PayPalGateway, status: int, body: Any, kind: type
) -> None:
    paypal.put("POST", ORDERS, status, body)
    assert isinstance(await gateway.authorize(paypal_authorization(CHARGE)), kind)


async def test_refusal_names_issue_and_debug_id_and_no_text(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("POST", ORDERS, 422, unprocessable("PAYER_CANNOT_PAY"))
    outcome = await gateway.authorize(paypal_authorization(CHARGE))
    assert isinstance(outcome, Declined)
    assert outcome.failure.decline_code == "PAYER_CANNOT_PAY"
    assert outcome.failure.message == "PayPal refused the payment: PAYER_CANNOT_PAY (PayPal's debug id d3bug)"


@pytest.mark.parametrize("money", [Money(15_050, Currency("huf")), Money(5120, Currency("kwd"))])
async def test_money_paypal_has_no_amount_for_is_declined_unasked(
    paypal: PayPalStub, gateway: PayPalGateway, money: Money
) -> None:
    assert isinstance(await gateway.authorize(paypal_authorization(CHARGE, money=money)), Declined)
    assert paypal.told == []


async def test_account_that_is_not_configured_is_retryable(gateway: PayPalGateway) -> None:
    outcome = await gateway.authorize(paypal_authorization(CHARGE, psp_account=PspAccount("other")))
    assert isinstance(outcome, Retryable)
    assert not outcome.was_called


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ORDERS, order_body(paypal_authorization(CHARGE), PayPalWallet(), PayPalMoney("USD", "19.99"))),
        (
            ORDERS,
            order_body(paypal_authorization(CHARGE), PayPalVaultToken("8kk-845"), PayPalMoney("JPY", "500")),
        ),
        (f"{HOLD}/capture", capture_body(PayPalMoney("USD", "19.99"))),
        (
            f"/v2/payments/captures/{CAPTURE_ID}/refund",
            refund_body(
                RefundRequest(
                    charge_id=CHARGE,
                    refund_id=new_refund_id(),
                    idempotency_key="k",
                    psp_account=TEST,
                    psp_reference=PspReference(ORDER_ID),
                    money=USD_19_99,
                    reason=None,
                ),
                PayPalMoney("USD", "19.99"),
            ),
        ),
    ],
)
def test_each_body_is_as_paypals_specification_says(path: str, body: Json) -> None:
    specs_or_skip()
    assert problems_of_request("POST", path, body) == []


# --- complete


@pytest.mark.parametrize(("method", "verb"), [("automatic", "capture"), ("manual", "authorize")])
async def test_completion_captures_or_authorizes_under_its_key(
    paypal: PayPalStub, gateway: PayPalGateway, method: str, verb: str
) -> None:
    parts: Json = (
        {"captures": [capture_json(CHARGE)]}
        if verb == "capture"
        else {"authorizations": [authorization_json(CHARGE)]}
    )
    paypal.put("POST", f"{ORDER}/{verb}", 201, order_json(CHARGE, **parts))
    outcome = await complete(gateway, capture_method=method)
    assert isinstance(outcome, Approved)
    assert outcome.kind == ("captured" if verb == "capture" else "authorized")
    (told,) = paypal.told
    assert told.headers["paypal-request-id"] == f"{CHARGE}:complete:1"
    assert told.headers["prefer"] == "return=representation"


async def test_completed_order_with_refused_capture_is_declined(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    refused = order_json(CHARGE, "COMPLETED", captures=[capture_json(CHARGE, "DECLINED")])
    paypal.put("POST", f"{ORDER}/capture", 201, refused)
    assert isinstance(await complete(gateway), Declined)


@pytest.mark.parametrize(
    "issue", ["ORDER_ALREADY_CAPTURED", "ORDER_COMPLETION_IN_PROGRESS", "DUPLICATE_INVOICE_ID"]
)
async def test_order_captured_before_is_approved_by_its_record(
    paypal: PayPalStub, gateway: PayPalGateway, issue: str
) -> None:
    paypal.put("POST", f"{ORDER}/capture", 422, unprocessable(issue))
    paypal.put("GET", ORDER, 200, order_json(CHARGE, captures=[capture_json(CHARGE)]))
    outcome = await complete(gateway)
    assert isinstance(outcome, Approved)
    assert called(paypal) == [("POST", f"{ORDER}/capture"), ("GET", ORDER)]


async def test_completion_under_way_elsewhere_stays_unknown(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("POST", f"{ORDER}/capture", 422, unprocessable("ORDER_COMPLETION_IN_PROGRESS"))
    paypal.put("GET", ORDER, 200, order_json(CHARGE, "APPROVED"))
    assert isinstance(await complete(gateway), Unknown)


@pytest.mark.parametrize(
    ("status", "record", "is_over"),
    [
        (200, order_json(CHARGE, "PAYER_ACTION_REQUIRED"), True),
        (200, order_json(CHARGE, "APPROVED"), False),
        (200, order_json("ch_x", "PAYER_ACTION_REQUIRED"), False),
        (503, error("SERVICE_UNAVAILABLE"), False),
    ],
    ids=["asked_again", "approved_still", "another_charge", "away"],
)
async def test_declined_instrument_sends_the_customer_back(
    paypal: PayPalStub, gateway: PayPalGateway, status: int, record: Any, *, is_over: bool
) -> None:
    links = [{"href": PAGE, "rel": "redirect", "method": "GET"}]
    paypal.put("POST", f"{ORDER}/capture", 422, unprocessable("INSTRUMENT_DECLINED", links=links))
    paypal.put("GET", ORDER, status, record)
    assert await complete(gateway) == ActionRequired(
        psp_reference=PspReference(ORDER_ID), redirect_url=PAGE, is_approval_over=is_over
    )


async def test_page_that_an_error_does_not_name_is_read_from_the_order(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("POST", f"{ORDER}/capture", 422, unprocessable("PAYER_ACTION_REQUIRED"))
    paypal.put("GET", ORDER, 200, order_json(CHARGE, "PAYER_ACTION_REQUIRED"))
    outcome = await complete(gateway)
    assert isinstance(outcome, ActionRequired)
    assert (outcome.redirect_url is not None, outcome.is_approval_over) == (True, True)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (422, unprocessable("ORDER_NOT_APPROVED"), Retryable),
        (422, unprocessable("ORDER_EXPIRED"), Expired),
        (404, error("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"), Expired),
        (404, b"<html>", Unknown),
        (422, unprocessable("TRANSACTION_REFUSED"), Declined),
        (422, unprocessable("SOMETHING_NEW"), Unknown),
        (409, error("RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS"), Unknown),
        (503, error("SERVICE_UNAVAILABLE"), Unknown),
        (201, order_json(CHARGE, order_id="ANOTHER", captures=[capture_json(CHARGE)]), Unknown),
        (201, order_json("ch_x", captures=[capture_json("ch_x")]), Unknown),
    ],
)
async def test_answer_to_completion_comes_to_what_it_is_known_to_be(
    paypal: PayPalStub, gateway: PayPalGateway, status: int, body: Any, kind: type
) -> None:
    paypal.put("POST", f"{ORDER}/capture", status, body)
    outcome = await complete(gateway)
    assert isinstance(outcome, kind)
    assert not (isinstance(outcome, Expired) and outcome.reason != "abandoned")


# --- capture


async def test_capture_names_the_authorization_and_is_the_last(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("POST", f"{HOLD}/capture", 201, capture_json(CHARGE, amount=usd("5.00")))
    outcome = await capture(gateway, money=Money(500, Currency("usd")))
    assert isinstance(outcome, Approved)
    assert outcome.psp_reference == ORDER_ID
    assert outcome.sub_references[-1] == SubReference("capture", PspReference(CAPTURE_ID))
    (told,) = paypal.told
    assert told.body == {"amount": usd("5.00"), "final_capture": True}
    assert told.headers["paypal-request-id"] == f"{CHARGE}:capture:1"


@pytest.mark.parametrize(
    ("days", "calls"),
    [
        (2, [("POST", f"{HOLD}/capture")]),
        (5, [("GET", ORDER), ("POST", f"{HOLD}/reauthorize"), ("POST", f"{RENEWED}/capture")]),
    ],
)
async def test_hold_past_its_honor_period_is_renewed_first(
    paypal: PayPalStub,
    gateway: PayPalGateway,
    clock: SteppedClock,
    days: int,
    calls: list[tuple[str, str]],
) -> None:
    clock.advance(days=days)
    paypal.put("GET", ORDER, 200, order_json(CHARGE, authorizations=[authorization_json(CHARGE)]))
    paypal.put("POST", f"{HOLD}/reauthorize", 201, authorization_json(CHARGE, id=RENEWED_ID))
    for path in (HOLD, RENEWED):
        paypal.put("POST", f"{path}/capture", 201, capture_json(CHARGE))
    outcome = await capture(gateway)
    assert isinstance(outcome, Approved)
    assert called(paypal) == calls
    if days > 3:
        assert outcome.sub_references[0] == SubReference("authorization", PspReference(RENEWED_ID))
        (renewal,) = paypal.calls("POST", f"{HOLD}/reauthorize")
        assert renewal.headers["paypal-request-id"] == f"{CHARGE}:capture:1:reauthorize"


async def test_hold_renewed_before_is_captured_as_it_is(
    paypal: PayPalStub, gateway: PayPalGateway, clock: SteppedClock
) -> None:
    """The capture after a renewal was lost: the record shows the renewed authorization."""
    clock.advance(days=5)
    renewed = authorization_json(CHARGE, id=RENEWED_ID, create_time=stamp(clock.now()))
    paypal.put("GET", ORDER, 200, order_json(CHARGE, authorizations=[authorization_json(CHARGE), renewed]))
    paypal.put("POST", f"{RENEWED}/capture", 201, capture_json(CHARGE))
    assert isinstance(await capture(gateway), Approved)
    assert called(paypal) == [("GET", ORDER), ("POST", f"{RENEWED}/capture")]


async def test_second_renewal_is_of_the_first_authorization(
    paypal: PayPalStub, gateway: PayPalGateway, clock: SteppedClock
) -> None:
    """PayPal does not renew what is itself a renewal."""
    clock.advance(days=9)
    renewed = authorization_json(CHARGE, id=RENEWED_ID, create_time=stamp(AT + timedelta(days=4)))
    paypal.put("GET", ORDER, 200, order_json(CHARGE, authorizations=[authorization_json(CHARGE), renewed]))
    paypal.put("POST", f"{HOLD}/reauthorize", 201, authorization_json(CHARGE, id="8AGAIN"))
    paypal.put("POST", "/v2/payments/authorizations/8AGAIN/capture", 201, capture_json(CHARGE))
    outcome = await capture(gateway, authorization=RENEWED_ID)
    assert isinstance(outcome, Approved)
    assert outcome.sub_references[0].psp_reference == "8AGAIN"


@pytest.mark.parametrize("issue", ["REAUTHORIZATION_NOT_SUPPORTED", "REAUTHORIZATION_TOO_SOON"])
async def test_hold_that_cannot_be_renewed_is_captured_all_the_same(
    paypal: PayPalStub, gateway: PayPalGateway, clock: SteppedClock, issue: str
) -> None:
    clock.advance(days=5)
    paypal.put("GET", ORDER, 200, order_json(CHARGE, authorizations=[authorization_json(CHARGE)]))
    paypal.put("POST", f"{HOLD}/reauthorize", 422, unprocessable(issue))
    paypal.put("POST", f"{HOLD}/capture", 422, unprocessable("PAYER_CANNOT_PAY"))
    outcome = await capture(gateway)
    assert isinstance(outcome, Rejected)
    assert outcome.failure.decline_code == "PAYER_CANNOT_PAY"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("DENIED", (Approved, [HOLD])), ("PENDING", (Retryable, [])), ("SOMETHING_NEW", (Retryable, []))],
)
async def test_renewal_answered_without_a_hold_is_not_captured(
    paypal: PayPalStub,
    gateway: PayPalGateway,
    clock: SteppedClock,
    status: str,
    outcome: tuple[type, list[str]],
) -> None:
    kind, captured = outcome
    clock.advance(days=5)
    paypal.put("GET", ORDER, 200, order_json(CHARGE, authorizations=[authorization_json(CHARGE)]))
    paypal.put("POST", f"{HOLD}/reauthorize", 201, authorization_json(CHARGE, status, id=RENEWED_ID))
    for path in (HOLD, RENEWED):
        paypal.put("POST", f"{path}/capture", 201, capture_json(CHARGE))
    assert isinstance(await capture(gateway), kind)
    assert [path for _, path in called(paypal)[2:]] == [f"{path}/capture" for path in captured]


async def test_hold_that_could_not_be_renewed_now_is_not_captured(
    paypal: PayPalStub, gateway: PayPalGateway, clock: SteppedClock
) -> None:
    clock.advance(days=5)
    paypal.put("GET", ORDER, 200, order_json(CHARGE, authorizations=[authorization_json(CHARGE)]))
    paypal.put("POST", f"{HOLD}/reauthorize", 503, b"")
    assert isinstance(await capture(gateway), Retryable)
    assert paypal.calls("POST", f"{HOLD}/capture") == []


async def test_hold_that_is_over_by_the_record_is_never_captured(
    paypal: PayPalStub, gateway: PayPalGateway, clock: SteppedClock
) -> None:
    """After 30 days the hold has run out; and what was captured already is not captured twice."""
    clock.advance(days=30)
    ended = authorization_json(CHARGE, "VOIDED", update_time=stamp(AT + timedelta(days=29)))
    paypal.put("GET", ORDER, 200, order_json(CHARGE, authorizations=[ended]))
    assert isinstance(await capture(gateway), Expired)
    assert called(paypal) == [("GET", ORDER)]


async def test_capture_made_before_is_approved_and_not_repeated(
    paypal: PayPalStub, gateway: PayPalGateway, clock: SteppedClock
) -> None:
    clock.advance(days=5)
    held = authorization_json(CHARGE, "CAPTURED")
    paypal.put("GET", ORDER, 200, order_json(CHARGE, authorizations=[held], captures=[capture_json(CHARGE)]))
    assert isinstance(await capture(gateway), Approved)
    assert called(paypal) == [("GET", ORDER)]


async def test_unknown_authorization_is_read_from_the_order(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("GET", ORDER, 200, order_json(CHARGE, authorizations=[authorization_json(CHARGE)]))
    paypal.put("POST", f"{HOLD}/capture", 201, capture_json(CHARGE))
    assert isinstance(await capture(gateway, authorization=None), Approved)
    assert called(paypal) == [("GET", ORDER), ("POST", f"{HOLD}/capture")]


@pytest.mark.parametrize(
    ("issue", "shown", "kind"),
    [
        ("AUTHORIZATION_ALREADY_CAPTURED", {"captures": [capture_json(CHARGE)]}, Approved),
        ("AUTHORIZATION_VOIDED", {"authorizations": [authorization_json(CHARGE, "VOIDED")]}, Canceled),
        ("AUTHORIZATION_DENIED", {"authorizations": [authorization_json(CHARGE, "DENIED")]}, Declined),
        ("AUTHORIZATION_EXPIRED", {"authorizations": [authorization_json(CHARGE)]}, Unknown),
    ],
)
async def test_refused_capture_is_what_the_record_shows(
    paypal: PayPalStub, gateway: PayPalGateway, issue: str, shown: Json, kind: type
) -> None:
    paypal.put("POST", f"{HOLD}/capture", 422, unprocessable(issue))
    paypal.put("GET", ORDER, 200, order_json(CHARGE, **shown))
    assert isinstance(await capture(gateway), kind)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (201, capture_json(CHARGE, "DECLINED", custom_id=None), Rejected),
        (201, capture_json(CHARGE, custom_id="ch_another"), Unknown),
        (201, capture_json(CHARGE, custom_id=None, amount=usd("18.99")), Unknown),
        (
            201,
            capture_json(CHARGE, custom_id=None, supplementary_data={"related_ids": {"order_id": "ANOTHER"}}),
            Unknown,
        ),
        (422, unprocessable("MAX_CAPTURE_AMOUNT_EXCEEDED"), Rejected),
        (500, b"", Unknown),
        (429, b"", Retryable),
    ],
)
async def test_answer_to_capture_comes_to_what_it_is_known_to_be(
    paypal: PayPalStub, gateway: PayPalGateway, status: int, body: Any, kind: type
) -> None:
    paypal.put("POST", f"{HOLD}/capture", status, body)
    assert isinstance(await capture(gateway), kind)


# --- cancel


@pytest.mark.parametrize("status", [200, 204])
async def test_void_looks_first_and_names_the_first_authorization(
    paypal: PayPalStub, gateway: PayPalGateway, status: int
) -> None:
    """A reauthorization cannot be voided: its parent is."""
    renewed = authorization_json(CHARGE, id=RENEWED_ID, create_time=stamp(AT + timedelta(days=4)))
    paypal.put("GET", ORDER, 200, order_json(CHARGE, authorizations=[authorization_json(CHARGE), renewed]))
    voided: Any = authorization_json(CHARGE, "VOIDED") if status == 200 else b""
    paypal.put("POST", f"{HOLD}/void", status, voided)
    assert await cancel(gateway, authorization=RENEWED_ID) == Canceled(
        reason="duplicate", psp_reference=PspReference(ORDER_ID), occurred_at=AT
    )
    assert called(paypal) == [("GET", ORDER), ("POST", f"{HOLD}/void")]
    assert "paypal-request-id" not in paypal.told[-1].headers


@pytest.mark.parametrize("status", ["CREATED", "PAYER_ACTION_REQUIRED", "APPROVED"])
@pytest.mark.parametrize(("reason", "kind"), [("duplicate", Canceled), ("abandoned", Expired)])
async def test_order_that_holds_nothing_is_given_up_without_a_call(
    paypal: PayPalStub,
    gateway: PayPalGateway,
    status: str,
    reason: CancelReason,
    kind: type,
) -> None:
    paypal.put("GET", ORDER, 200, order_json(CHARGE, status))
    assert isinstance(await cancel(gateway, reason), kind)
    assert called(paypal) == [("GET", ORDER)]


async def test_order_paypal_forgot_is_given_up(gateway: PayPalGateway) -> None:
    assert isinstance(await cancel(gateway, "abandoned"), Expired)


async def test_cancel_that_comes_too_late_is_the_capture(paypal: PayPalStub, gateway: PayPalGateway) -> None:
    paypal.put("GET", ORDER, 200, order_json(CHARGE, captures=[capture_json(CHARGE)]))
    assert isinstance(await cancel(gateway), Approved)
    assert called(paypal) == [("GET", ORDER)]


@pytest.mark.parametrize(
    ("issue", "after", "kind"),
    [
        ("PREVIOUSLY_VOIDED", {"authorizations": [authorization_json(CHARGE, "VOIDED")]}, Canceled),
        ("PREVIOUSLY_CAPTURED", {"captures": [capture_json(CHARGE)]}, Approved),
        ("CANNOT_BE_VOIDED", {"authorizations": [authorization_json(CHARGE)]}, Unknown),
    ],
)
async def test_refused_void_is_what_the_record_shows(
    paypal: PayPalStub, gateway: PayPalGateway, issue: str, after: Json, kind: type
) -> None:
    paypal.put("GET", ORDER, 200, order_json(CHARGE, authorizations=[authorization_json(CHARGE)]))
    paypal.put("GET", ORDER, 200, order_json(CHARGE, **after))
    paypal.put("POST", f"{HOLD}/void", 422, unprocessable(issue))
    assert isinstance(await cancel(gateway), kind)


async def test_cancel_that_could_not_look_is_retryable(paypal: PayPalStub, gateway: PayPalGateway) -> None:
    paypal.put("GET", ORDER, 503, b"")
    assert isinstance(await cancel(gateway), Retryable)


# --- inquire


async def test_inquiry_reads_the_order_that_is_known(paypal: PayPalStub, gateway: PayPalGateway) -> None:
    paypal.put("GET", ORDER, 200, order_json(CHARGE, "APPROVED"))
    assert isinstance(await inquire(gateway, psp_reference=PspReference(ORDER_ID)), Consented)


@pytest.mark.parametrize(
    ("method", "kind"), [(PayPalWallet(), NotFound), (PayPalVaultToken("8kk"), Retryable), (None, Retryable)]
)
async def test_payment_without_an_order_id_cannot_be_searched(
    paypal: PayPalStub,
    gateway: PayPalGateway,
    method: PaymentMethod | None,
    kind: type,
) -> None:
    """An order that its customer was never sent to approve took nothing; one that a kept token pays at once may have."""
    assert isinstance(await inquire(gateway, payment_method=method), kind)
    assert paypal.told == []


@pytest.mark.parametrize(
    ("method", "days", "kind"),
    [(PayPalWallet(), 1, Expired), (PayPalWallet(), 4, NotFound), (PayPalVaultToken("8kk"), 1, NotFound)],
)
async def test_forgotten_order_expired_if_it_waited_for_a_customer(
    gateway: PayPalGateway,
    clock: SteppedClock,
    method: PaymentMethod,
    days: int,
    kind: type,
) -> None:
    clock.advance(days=days)
    outcome = await inquire(gateway, psp_reference=PspReference(ORDER_ID), payment_method=method)
    assert isinstance(outcome, kind)


async def test_forgotten_order_that_may_be_paid_is_not_expired(gateway: PayPalGateway) -> None:
    order = PspReference(ORDER_ID)
    assert await inquire(gateway, psp_reference=order, may_be_completed=True) == NotFound()


async def test_reported_order_counts_if_it_names_the_charge(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    reported = PspReference(ORDER_ID)
    paypal.put("GET", ORDER, 200, order_json("ch_another", captures=[capture_json("ch_another")]))
    paypal.put("GET", ORDER, 200, order_json(CHARGE, captures=[capture_json(CHARGE)]))
    assert isinstance(await inquire(gateway, reported_reference=reported), NotFound)
    assert isinstance(await inquire(gateway, reported_reference=reported), Approved)


@pytest.mark.parametrize("answer", [(503, b""), (404, b"<html>"), (200, b"{"), (404, error("NOT_FOUND"))])
async def test_inquiry_without_paypals_word_is_retryable(
    paypal: PayPalStub, gateway: PayPalGateway, answer: tuple[int, Any]
) -> None:
    """Any proxy can answer 404."""
    paypal.put("GET", ORDER, *answer)
    assert isinstance(await inquire(gateway, psp_reference=PspReference(ORDER_ID)), Retryable)


async def test_charge_is_found_by_order_or_capture(paypal: PayPalStub, gateway: PayPalGateway) -> None:
    paypal.put("GET", ORDER, 200, order_json(CHARGE))
    paypal.put("GET", f"/v2/payments/captures/{CAPTURE_ID}", 200, capture_json(CHARGE))
    paypal.put("GET", "/v2/payments/captures/OTHER", 200, capture_json("shop order 7", id="OTHER"))
    assert await gateway.charge_of(TEST, PspReference(ORDER_ID)) == CHARGE
    assert await gateway.charge_of(TEST, PspReference(CAPTURE_ID)) == CHARGE
    assert await gateway.charge_of(TEST, PspReference("OTHER")) == NotFound()
    assert await gateway.charge_of(TEST, PspReference("NONE")) == NotFound()
