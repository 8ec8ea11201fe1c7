"""What PayPal's records show of a payment's captures, refunds and disputes. A record counts only for the payment it is of."""

from fincore.domain.clock import Clock
from fincore.domain.outcome import (
    Approved,
    DisputeReport,
    PspReference,
    RefundReport,
    Retryable,
    Unknown,
    Unreadable,
)
from fincore.write.psp.paypal.account import PayPalAccount
from fincore.write.psp.paypal.disputes import read_dispute
from fincore.write.psp.paypal.lookups import PayPalLookups
from fincore.write.psp.paypal.orders import payments_of, read_order
from fincore.write.psp.paypal.refunds import capture_of, understood_refund
from fincore.write.psp.paypal.wire import Order, PayPalDispute, PayPalRefund
from fincore.write.psp.port import DisputeInquiry, NotFound, RefundInquiry, RefundRequest


class PayPalInquiries:
    """Reads PayPal's records, and refuses those of other payments."""

    def __init__(self, lookups: PayPalLookups, clock: Clock) -> None:
        self._lookups = lookups
        self._clock = clock

    async def refund(
        self, account: PayPalAccount, inquiry: RefundInquiry
    ) -> RefundReport | NotFound | Retryable | Unknown:
        """A refund, by PayPal's id of it, or by ours among the refunds of the order."""
        if inquiry.psp_reference is None:
            order = await self._lookups.order(account, inquiry.payment_reference)
            if isinstance(order, Retryable):
                return order
            if isinstance(order, NotFound):
                return self._unknown("PayPal does not show the order of the refund")
            found = _refund_with(order, inquiry.refund_id)
            return NotFound() if found is None else understood_refund(found, self._clock.now())
        refund = await self._lookups.refund(account, inquiry.psp_reference)
        if not isinstance(refund, PayPalRefund):
            return refund
        is_ours = await self._is_of_payment(
            account, capture_of(refund), inquiry.capture, inquiry.payment_reference
        )
        if isinstance(is_ours, Retryable):
            return is_ours
        if not is_ours:
            return self._unknown("PayPal's record is of a refund of another payment")
        return understood_refund(refund, self._clock.now())

    async def dispute(
        self, account: PayPalAccount, inquiry: DisputeInquiry
    ) -> DisputeReport | NotFound | Retryable | Unknown:
        """A dispute, as far as it is about the payment."""
        dispute = await self._lookups.dispute(account, inquiry.psp_reference)
        if not isinstance(dispute, PayPalDispute):
            return dispute
        for transaction in dispute.disputed_transactions:
            disputed = transaction.seller_transaction_id
            is_ours = await self._is_of_payment(
                account,
                None if disputed is None else PspReference(disputed),
                inquiry.capture,
                inquiry.payment_reference,
            )
            if isinstance(is_ours, Retryable):
                return is_ours
            if is_ours:
                report = read_dispute(dispute, transaction, inquiry.known, now=self._clock.now())
                return self._unknown(report.reason) if isinstance(report, Unreadable) else report
        return self._unknown("PayPal's record is of a dispute of another payment")

    async def capture(
        self, account: PayPalAccount, reference: PspReference
    ) -> PspReference | Retryable | Unknown:
        """The capture of an order, of which money can be given back."""
        order = await self._lookups.order(account, reference)
        if isinstance(order, Retryable):
            return order
        shown = None if isinstance(order, NotFound) else read_order(order, now=self._clock.now())
        if isinstance(shown, Approved) and shown.kind == "captured":
            return shown.sub_references[-1].psp_reference
        return self._unknown("PayPal's record shows no capture of which money could be given back")

    async def refund_made_before(
        self, account: PayPalAccount, request: RefundRequest
    ) -> RefundReport | Unknown | None:
        """The refund that an earlier call made, although PayPal answers this one that nothing is left; None if there is none."""
        order = await self._lookups.order(account, request.psp_reference)
        if not isinstance(order, Order):
            return self._unknown("PayPal has given the money back, and its record gave no response")
        found = _refund_with(order, request.refund_id)
        return None if found is None else understood_refund(found, self._clock.now())

    async def _is_of_payment(
        self,
        account: PayPalAccount,
        named: PspReference | None,
        capture: PspReference | None,
        order_reference: PspReference,
    ) -> bool | Retryable:
        """Whether a refund or a dispute that names a capture is about the payment."""
        if named is None or named == capture:
            return named is not None
        order = await self._lookups.order(account, order_reference)
        if isinstance(order, Retryable):
            return order
        return isinstance(order, Order) and any(one.id == named for one in payments_of(order).captures)

    def _unknown(self, reason: str) -> Unknown:
        return Unknown(reason=reason, since=self._clock.now())


def _refund_with(order: Order, refund_id: str | None) -> PayPalRefund | None:
    """The refund of an order that carries our id."""
    if refund_id is None:
        return None
    return next((one for one in payments_of(order).refunds if one.custom_id == refund_id), None)
