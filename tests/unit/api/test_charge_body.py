"""A charge as merchants see it."""

import json
from datetime import UTC, datetime
from typing import get_args

import msgspec

from fincore.api.charge_body import FAILURE_MESSAGES, render_charge
from fincore.domain.charge import Charge
from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, MerchantId, RequestId
from fincore.domain.money import Money
from fincore.domain.outcome import Failure, FailureCode, PspAccount, PspName

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
CHARGE = Charge(
    version=1,
    merchant_id=MerchantId("mer_1"),
    livemode=False,
    status="processing",
    amount=Money(1999, Currency("usd")),
    capture_method="automatic",
    payment_method="pm_1",
    psp=PspName("stripe"),
    psp_account=PspAccount("test"),
    created_at=NOON,
    description=None,
    customer_email=None,
    metadata={},
)


def test_every_failure_has_words_of_ours_and_none_of_the_psp() -> None:
    assert set(FAILURE_MESSAGES) == set(get_args(FailureCode))
    for code in FAILURE_MESSAGES:
        failure = Failure(code=code, message="free text of the PSP", advice="retry_later")
        failed = msgspec.structs.replace(CHARGE, status="failed", failure=failure)
        rendered = render_charge(ChargeId("ch_1"), failed, RequestId("req_1"))
        body = json.loads(rendered.body)
        assert (rendered.status, body["status"], body["charge"]["status"]) == (402, 402, "failed")
        assert body["charge"]["failure"]["message"] == FAILURE_MESSAGES[code]
        assert body["charge"]["failure"]["retryable"] is True
        assert body["retryable"] is False
        assert b"free text" not in rendered.body


def test_any_charge_that_did_not_fail_is_a_201_without_timeline() -> None:
    for status in ("processing", "requires_action", "authorized", "succeeded", "canceled"):
        charge = msgspec.structs.replace(CHARGE, status=status)
        rendered = render_charge(ChargeId("ch_1"), charge, RequestId("req_1"))
        body = json.loads(rendered.body)
        assert (rendered.status, rendered.location, body["status"]) == (201, "/v1/charges/ch_1", status)
        assert "timeline" not in body
        assert (body["next_action"] is not None) == (status == "requires_action")
