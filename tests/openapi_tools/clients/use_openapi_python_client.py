"""A shop's back end with openapi-python-client: charges, reads, lists, refunds. Prints what it got."""

import json
import sys
import time

import httpx
from fincore_client import AuthenticatedClient
from fincore_client.api.charges import create_charge, get_charge
from fincore_client.api.refunds import create_refund, list_refunds
from fincore_client.models import (
    Charge,
    ChargeRequest,
    ChargeRequestCurrency,
    ChargeRequestMetadata,
    FailedChargeProblem,
    Reason,
    Refund,
    RefundList,
    RefundRequest,
    WebhookMessage,
)


def charge_to_look_at(message: WebhookMessage) -> str | None:
    """What a merchant does with a webhook: checked here, so that its types are known to fit."""
    return message.data.charge_id if message.type_.value == "charge.failed" else None


def main(url: str, key: str, run: str) -> None:
    client = AuthenticatedClient(base_url=url, token=key, timeout=httpx.Timeout(60))

    def charge_with(payment_method: str, name: str) -> ChargeRequest:
        metadata = ChargeRequestMetadata()
        metadata["run"] = f"{run}-{name}"
        return ChargeRequest(
            amount_minor=1999,
            currency=ChargeRequestCurrency.EUR,
            payment_method=payment_method,
            metadata=metadata,
        )

    charge = create_charge.sync(
        client=client,
        body=charge_with("pm_card_visa", "paid"),
        idempotency_key=f"{run}-charge",
        prefer="wait=20",
    )
    assert isinstance(charge, Charge), charge
    read = get_charge.sync(charge.id, client=client)
    assert isinstance(read, Charge), read
    refund = create_refund.sync(
        client=client,
        body=RefundRequest(charge=charge.id, amount_minor=500, reason=Reason.DUPLICATE),
        idempotency_key=f"{run}-refund",
        prefer="wait=20",
    )
    assert isinstance(refund, Refund), refund
    while True:  # lists follow what was written by a moment
        page = list_refunds.sync(client=client, charge=charge.id, limit=10)
        assert isinstance(page, RefundList), page
        if page.data:
            break
        time.sleep(0.05)
    declined = create_charge.sync(
        client=client,
        body=charge_with("pm_card_chargeDeclined", "declined"),
        idempotency_key=f"{run}-declined",
        prefer="wait=20",
    )
    assert isinstance(declined, FailedChargeProblem), declined
    print(  # noqa: T201 -- a program
        json.dumps(
            {
                "charge": charge.id,
                "psp_reference": charge.psp_reference,
                "status": charge.status.value,
                "first_event": read.timeline[0].type_.value if read.timeline else None,
                "refund": refund.id,
                "refund_status": refund.status.value,
                "listed": len(page.data),
                "problem": declined.code.value,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
