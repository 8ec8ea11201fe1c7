"""PayPal's own records, found again by PayPal's id: there is no search by ours."""

from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from fincore.domain.outcome import PspReference, Retryable
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.paypal.account import PayPalAccount
from fincore.write.psp.paypal.client import PayPalClient
from fincore.write.psp.paypal.error_policy import error_meaning, with_debug_id
from fincore.write.psp.paypal.issue_table import Gone, Repeat
from fincore.write.psp.paypal.response import Response
from fincore.write.psp.paypal.wire import Authorization, Capture, Order, PayPalDispute, PayPalRefund
from fincore.write.psp.port import NotFound

ORDERS: Final = "/v2/checkout/orders"
AUTHORIZATIONS: Final = "/v2/payments/authorizations"
CAPTURES: Final = "/v2/payments/captures"
REFUNDS: Final = "/v2/payments/refunds"
DISPUTES: Final = "/v1/customer/disputes"
ORDER: Final = msgspec.json.Decoder(Order)
AUTHORIZATION: Final = msgspec.json.Decoder(Authorization)
CAPTURE: Final = msgspec.json.Decoder(Capture)
REFUND: Final = msgspec.json.Decoder(PayPalRefund)
DISPUTE: Final = msgspec.json.Decoder(PayPalDispute)
_NOT_FOUND_STATUS: Final = 404
_NOT_FOUND_NAME: Final = "RESOURCE_NOT_FOUND"

T = TypeVar("T")
ObjectT = TypeVar("ObjectT", Order, Capture, PayPalRefund, PayPalDispute)


class PayPalLookups:
    """Reads what PayPal holds. NotFound only where PayPal itself says so; where it could not be asked, Retryable."""

    def __init__(self, client: PayPalClient) -> None:
        self._client = client

    async def order(self, account: PayPalAccount, reference: PspReference) -> Order | NotFound | Retryable:
        """An order as it is now, with all its payments."""
        return await self._object(account, ORDERS, reference, ORDER, "order")

    async def capture(
        self, account: PayPalAccount, reference: PspReference
    ) -> Capture | NotFound | Retryable:
        """A capture as it is now."""
        return await self._object(account, CAPTURES, reference, CAPTURE, "capture")

    async def refund(
        self, account: PayPalAccount, reference: PspReference
    ) -> PayPalRefund | NotFound | Retryable:
        """A refund as it is now."""
        return await self._object(account, REFUNDS, reference, REFUND, "refund")

    async def dispute(
        self, account: PayPalAccount, reference: PspReference
    ) -> PayPalDispute | NotFound | Retryable:
        """A dispute as it is now."""
        return await self._object(account, DISPUTES, reference, DISPUTE, "dispute")

    async def _object(
        self,
        account: PayPalAccount,
        collection: str,
        reference: PspReference,
        reads: msgspec.json.Decoder[ObjectT],
        what: str,
    ) -> ObjectT | NotFound | Retryable:
        response = await self._client.get(account, object_path(collection, reference), reads=reads)
        if isinstance(response, Response) and response.body is not None:
            found = response.body
            named = found.dispute_id if isinstance(found, PayPalDispute) else found.id
            if named != reference:
                return Retryable(reason=f"PayPal's record is of another {what} than the one asked for")
            return found
        if isinstance(response, Response) and _says_not_found(response):
            return NotFound()
        return _could_not_ask(f"record of the {what}", response)


def object_path(collection: str, reference: PspReference) -> str:
    """The path of one object."""
    return f"{collection}/{quote(reference, safe='')}"


def _says_not_found(response: Response[T]) -> bool:
    """Any proxy can answer 404: only PayPal's own word for it counts."""
    if response.status != _NOT_FOUND_STATUS or response.error is None:
        return False
    return response.error.name == _NOT_FOUND_NAME or isinstance(error_meaning(response), Gone)


def _could_not_ask(what: str, response: Response[T] | NotSent | NoResponse) -> Retryable:
    sentence = f"PayPal's {what} gave no response"
    match response:
        case NotSent(reason=reason, retry_after_seconds=seconds):
            return Retryable(reason=f"{sentence}: {reason}", retry_after_seconds=seconds)
        case NoResponse(reason=reason):
            return Retryable(reason=f"{sentence}: {reason}")
        case Response(status=status):
            meaning = error_meaning(response)
            return Retryable(
                reason=with_debug_id(f"{sentence}: HTTP {status}", response),
                retry_after_seconds=meaning.after_seconds if isinstance(meaning, Repeat) else None,
            )
