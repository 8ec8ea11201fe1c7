"""The parts of PayPal's objects that FinCore reads (Orders v2, Payments v2, Customer Disputes v1, webhooks). Pure.

Only what is named here is ever taken out of a response: names, addresses and telephone numbers stay behind.
"""

from datetime import datetime
from typing import Annotated, Final

import msgspec

from fincore.write.psp.paypal.amounts import PayPalMoney

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,255}\Z")]
"""Of an object at PayPal, as its specifications bound ids."""
Time = Annotated[datetime, msgspec.Meta(tz=True)]
ISSUES_MAX: Final = 50


class Link(msgspec.Struct, frozen=True):
    """Where a related object or page is."""

    href: str
    rel: str


class StatusDetails(msgspec.Struct, frozen=True):
    """Why a status is not final, or has failed."""

    reason: str | None = None


class ProcessorResponse(msgspec.Struct, frozen=True):
    """What the card's network said."""

    response_code: str | None = None
    payment_advice_code: str | None = None


class SellerBreakdown(msgspec.Struct, frozen=True, kw_only=True):
    """`seller_receivable_breakdown` of a capture, `seller_payable_breakdown` of a refund: what PayPal's fee is, or was given back.

    The fee moves in the currency in which we are credited, where that is not the payment's.
    """

    paypal_fee: PayPalMoney | None = None
    paypal_fee_in_receivable_currency: PayPalMoney | None = None


class RelatedIds(msgspec.Struct, frozen=True, kw_only=True):
    """Which other objects an object belongs to."""

    order_id: Id | None = None
    authorization_id: Id | None = None
    capture_id: Id | None = None


class SupplementaryData(msgspec.Struct, frozen=True):
    """`supplementary_data`."""

    related_ids: RelatedIds = RelatedIds()


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """Held money. A reauthorization is another one, with an id of its own."""

    id: Id
    status: str
    amount: PayPalMoney | None = None
    custom_id: str | None = None
    status_details: StatusDetails | None = None
    processor_response: ProcessorResponse | None = None
    expiration_time: Time | None = None
    create_time: Time | None = None
    update_time: Time | None = None


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """Money taken, or tried to."""

    id: Id
    status: str
    amount: PayPalMoney | None = None
    custom_id: str | None = None
    status_details: StatusDetails | None = None
    processor_response: ProcessorResponse | None = None
    seller_receivable_breakdown: SellerBreakdown | None = None
    supplementary_data: SupplementaryData | None = None
    create_time: Time | None = None
    update_time: Time | None = None
    links: tuple[Link, ...] = ()


class PayPalRefund(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back of one capture, which the link `up` names."""

    id: Id
    status: str
    amount: PayPalMoney | None = None
    custom_id: str | None = None
    status_details: StatusDetails | None = None
    seller_payable_breakdown: SellerBreakdown | None = None
    create_time: Time | None = None
    update_time: Time | None = None
    links: tuple[Link, ...] = ()


class Payments(msgspec.Struct, frozen=True, kw_only=True):
    """All that has become of a purchase unit."""

    authorizations: tuple[Authorization, ...] = ()
    captures: tuple[Capture, ...] = ()
    refunds: tuple[PayPalRefund, ...] = ()


class PurchaseUnit(msgspec.Struct, frozen=True, kw_only=True):
    """What is paid for. FinCore's orders have one."""

    custom_id: str | None = None
    payments: Payments = Payments()


class Address(msgspec.Struct, frozen=True):
    """Only the country of it."""

    country_code: str | None = None


class WalletSource(msgspec.Struct, frozen=True, kw_only=True):
    """The PayPal account that paid."""

    account_id: str | None = None
    email_address: str | None = None
    address: Address | None = None


class BinDetails(msgspec.Struct, frozen=True):
    """What the first digits of a card tell."""

    bin: str | None = None
    bin_country_code: str | None = None


class CardSource(msgspec.Struct, frozen=True, kw_only=True):
    """The card that paid."""

    brand: str | None = None
    last_digits: str | None = None
    expiry: str | None = None
    type: str | None = None
    bin_details: BinDetails | None = None


class PaymentSource(msgspec.Struct, frozen=True, kw_only=True):
    """With what an order is paid."""

    paypal: WalletSource | None = None
    card: CardSource | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One payment. Its status tells how far the customer is; what became of the money, its payments tell."""

    id: Id
    status: str
    intent: str | None = None
    purchase_units: tuple[PurchaseUnit, ...] = ()
    payment_source: PaymentSource | None = None
    create_time: Time | None = None
    update_time: Time | None = None
    links: tuple[Link, ...] = ()


class MoneyMovement(msgspec.Struct, frozen=True, kw_only=True):
    """Money that a dispute moved from or to one party."""

    affected_party: str | None = None
    amount: PayPalMoney | None = None
    type: str | None = None
    reason: str | None = None


class DisputedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A capture that is disputed, by the id that the seller sees."""

    seller_transaction_id: Id | None = None
    custom: str | None = None
    transaction_status: str | None = None
    gross_amount: PayPalMoney | None = None


class DisputeOutcome(msgspec.Struct, frozen=True):
    """How a dispute was decided."""

    outcome_code: str | None = None


class PayPalDispute(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's objection to one capture or several."""

    dispute_id: Id
    status: str
    reason: str = ""
    dispute_life_cycle_stage: str | None = None
    dispute_amount: PayPalMoney | None = None
    dispute_outcome: DisputeOutcome | None = None
    disputed_transactions: tuple[DisputedTransaction, ...] = ()
    money_movements: tuple[MoneyMovement, ...] = ()
    seller_response_due_date: Time | None = None
    create_time: Time | None = None
    update_time: Time | None = None


class ErrorDetail(msgspec.Struct, frozen=True):
    """One issue; `field` is the place in what was sent."""

    issue: str = ""
    field: str | None = None


class PayPalError(msgspec.Struct, frozen=True, kw_only=True):
    """A response that is not a success. Its texts quote what was sent and are not read.

    `error` is what the OAuth server says, and every call with a token that is not valid any more (RFC 6750, section 3.1).
    """

    name: str = ""
    error: str = ""
    details: tuple[ErrorDetail, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def issues(self) -> tuple[str, ...]:
        """The words that say what is wrong."""
        return tuple(detail.issue for detail in self.details[:ISSUES_MAX] if detail.issue)


class AccessToken(msgspec.Struct, frozen=True):
    """A token that carries calls for `expires_in` seconds."""

    access_token: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,4096}\Z")]
    expires_in: Annotated[int, msgspec.Meta(ge=0, le=366 * 86_400)]


class EventHead(msgspec.Struct, frozen=True, kw_only=True):
    """What every webhook has."""

    id: str
    event_type: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's whole body; what it is about is read only once its type says what that is."""

    event_type: str
    resource: msgspec.Raw


def link(links: tuple[Link, ...], *rels: str) -> str | None:
    """The first address under one of the names, in their order."""
    return next((one.href for rel in rels for one in links if one.rel == rel), None)


def id_at_end_of(address: str | None) -> str | None:
    """The id with which the address of an object ends; None where it does not end with one."""
    last = (address or "").rstrip("/").rpartition("/")[2]
    try:
        return msgspec.convert(last, Id)
    except msgspec.ValidationError:
        return None
