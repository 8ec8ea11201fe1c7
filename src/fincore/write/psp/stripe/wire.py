"""The parts of Stripe's objects that FinCore reads (API version 2026-10-28.endive). Times are unix seconds.

Only what is named here is ever taken out of a response: client secrets and the holder's name and address stay behind.
"""

from typing import Annotated, Final, Literal

import msgspec

CHARGE_ID_KEY: Final = "fincore_charge_id"
"""The metadata that ties a payment intent to our charge: we send it, search for it, and read it in webhooks."""
REFUND_ID_KEY: Final = "fincore_refund_id"
"""The metadata that ties a refund to ours; beside it stands the charge's."""

UnixSeconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_214_399)]
"""Up to 9999-12-30, so that each is a datetime in every time zone."""
Amount = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
"""In Stripe's minor units. The upper bound is beyond all that Stripe takes in one payment, and sums of them stay whole."""
Id = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,255}\Z")]
"""Of an object at Stripe: up to 255 characters (docs.stripe.com/upgrades), of which none is a space or a control."""
Movement = Annotated[int, msgspec.Meta(ge=-(10**15), le=10**15)]
"""In Stripe's minor units, negative for what goes the other way."""


_NULL: Final = msgspec.Raw(b"null")


class CardFacts(msgspec.Struct, frozen=True):
    """What Stripe shows of a card. Each fact is read by itself (`instruments`), so that a strange one spoils no payment."""

    brand: msgspec.Raw = _NULL
    last4: msgspec.Raw = _NULL
    exp_month: msgspec.Raw = _NULL
    exp_year: msgspec.Raw = _NULL
    country: msgspec.Raw = _NULL
    funding: msgspec.Raw = _NULL
    fingerprint: msgspec.Raw = _NULL


class PaymentMethodShown(msgspec.Struct, frozen=True):
    """A payment method that Stripe shows within another object."""

    card: CardFacts | None = None


class CardDetails(CardFacts, frozen=True):
    """`charge.payment_method_details.card`."""

    network_transaction_id: msgspec.Raw = _NULL
    capture_before: UnixSeconds | None = None


class PaymentMethodDetails(msgspec.Struct, frozen=True):
    """`charge.payment_method_details`."""

    card: CardDetails | None = None


class BalanceTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of our balance at Stripe, in the minor units of the currency in which Stripe pays out to us.

    `amount` is negative for money that leaves; `fee` is negative for a fee given back; `net` is what remains of both.
    """

    amount: Movement
    fee: Movement
    net: Movement
    currency: str
    created: UnixSeconds

    @property
    def adds_up(self) -> bool:
        """Whether its three amounts fit together."""
        return self.amount - self.fee == self.net


class ChargeOutcome(msgspec.Struct, frozen=True):
    """`charge.outcome`. Each fact is read by itself (`radar`), so that a strange one spoils no payment."""

    risk_level: msgspec.Raw = _NULL
    risk_score: msgspec.Raw = _NULL
    rule: msgspec.Raw = _NULL


class StripeCharge(msgspec.Struct, frozen=True):
    """One attempt to move the money of a payment intent; `balance_transaction` is an id unless it was expanded.

    `outcome` is a `ChargeOutcome`, read by itself as the facts of a card are.
    """

    created: UnixSeconds
    id: msgspec.Raw = _NULL
    outcome: msgspec.Raw = _NULL
    payment_method_details: PaymentMethodDetails | None = None
    balance_transaction: BalanceTransaction | str | None = None


class RedirectToUrl(msgspec.Struct, frozen=True):
    """The page on which the customer authenticates."""

    url: str | None = None


class NextAction(msgspec.Struct, frozen=True):
    """What the customer has to do."""

    redirect_to_url: RedirectToUrl | None = None


class StripeError(msgspec.Struct, frozen=True, kw_only=True):
    """`error` of a response, and `last_payment_error` of a payment intent. `charge` is the id of the attempt that failed.

    `payment_method` is a `PaymentMethodShown`, read by itself as the facts of a card are.
    """

    type: str = ""
    code: str | None = None
    decline_code: str | None = None
    advice_code: str | None = None
    message: str | None = None
    param: str | None = None
    charge: msgspec.Raw = _NULL
    payment_intent: "PaymentIntent | None" = None
    payment_method: msgspec.Raw = _NULL


class PaymentIntent(msgspec.Struct, frozen=True, kw_only=True):
    """One payment. Amounts are in Stripe's minor units; `latest_charge` is an id unless it was expanded."""

    object: Literal["payment_intent"]
    id: Id
    status: str
    currency: str
    created: UnixSeconds
    amount_received: Amount | None = None
    amount_capturable: Amount | None = None
    metadata: dict[str, str] = {}
    latest_charge: StripeCharge | str | None = None
    next_action: NextAction | None = None
    last_payment_error: StripeError | None = None
    canceled_at: UnixSeconds | None = None
    cancellation_reason: str | None = None


class PaymentIntentPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list or of search results."""

    data: tuple[PaymentIntent, ...]
    has_more: bool


class CheckoutSession(msgspec.Struct, frozen=True, kw_only=True):
    """One stay of a customer on Stripe's page; `payment_intent` is an id unless it was expanded, and null before the first attempt."""

    object: Literal["checkout.session"]
    id: Id
    status: str | None
    expires_at: UnixSeconds
    currency: str | None = None
    amount_total: Amount | None = None
    client_reference_id: str | None = None
    payment_intent: PaymentIntent | Id | None = None
    url: str | None = None


class CheckoutSessionPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list of Checkout sessions."""

    data: tuple[CheckoutSession, ...]


class StripeRefund(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back, of a payment intent or (without FinCore) of a bare charge."""

    object: Literal["refund"]
    id: Id
    amount: Amount
    currency: str
    created: UnixSeconds
    status: str | None = None
    reason: str | None = None
    failure_reason: str | None = None
    payment_intent: Id | None
    balance_transaction: str | None
    metadata: dict[str, str] | None = None


class RefundPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list of refunds."""

    data: tuple[StripeRefund, ...]
    has_more: bool


class EvidenceDetails(msgspec.Struct, frozen=True):
    """`dispute.evidence_details`."""

    due_by: UnixSeconds | None = None


class StripeDispute(msgspec.Struct, frozen=True, kw_only=True):
    """A cardholder's objection. `balance_transactions` are all movements of money by it so far."""

    object: Literal["dispute"]
    id: Id
    amount: Amount
    currency: str
    status: str
    reason: str
    payment_intent: Id | None
    balance_transactions: tuple[BalanceTransaction, ...]
    evidence_details: EvidenceDetails | None = None


class EarlyFraudWarning(msgspec.Struct, frozen=True, kw_only=True):
    """The issuer of the card tells Stripe that a charge may be fraud. Without a payment intent it is of a bare charge."""

    object: Literal["radar.early_fraud_warning"]
    id: Id
    created: UnixSeconds
    fraud_type: str
    actionable: bool
    payment_intent: Id | None = None


class StripePayout(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way to our bank, or from it where `amount` is negative. `destination` is an id unless it was expanded."""

    object: Literal["payout"]
    id: Id
    amount: Movement
    currency: str
    created: UnixSeconds
    livemode: bool
    status: str
    arrival_date: UnixSeconds | None = None
    destination: msgspec.Raw = _NULL
    failure_code: str | None = None
    failure_message: str | None = None
    trace_id: msgspec.Raw = _NULL


class TraceId(msgspec.Struct, frozen=True, kw_only=True):
    """What the receiving bank calls a payout: there once `status` is `supported`, which may be days after the payout arrived."""

    status: str
    value: str | None = None


class ListedPayout(StripePayout, frozen=True, kw_only=True):
    """A payout in a list. `reconciliation_status` says whether a report about it can be asked for."""

    reconciliation_status: str


class PayoutPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of payouts, the newest first."""

    data: tuple[ListedPayout, ...]
    has_more: bool


class ReportParameters(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of a report was asked for."""

    payout: Id
    columns: tuple[str, ...]


class ReportFile(msgspec.Struct, frozen=True, kw_only=True):
    """The file that a run made. Where it is said to lie is not read: the key is sent to no address that an answer names."""

    id: Annotated[str, msgspec.Meta(pattern=r"^file_[A-Za-z0-9]{1,200}\Z")]
    created: UnixSeconds
    size: Annotated[int, msgspec.Meta(ge=0)]


class ReportRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a report. `result` is there once it has succeeded."""

    object: Literal["reporting.report_run"]
    id: Annotated[str, msgspec.Meta(pattern=r"^frr_[A-Za-z0-9]{1,200}\Z")]
    livemode: bool
    report_type: str
    parameters: ReportParameters
    status: str
    result: ReportFile | None = None


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of a response that is not a success."""

    error: StripeError


class EventHead(msgspec.Struct, frozen=True, kw_only=True):
    """What every event has. `account` and `context` name the account it is about where that is not the endpoint's own."""

    id: str
    type: str
    livemode: bool
    account: str | None = None
    context: str | None = None


class EventData(msgspec.Struct, frozen=True):
    """What an event is about, read only once its type says what it is."""

    object: msgspec.Raw


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's whole body."""

    type: str
    created: UnixSeconds
    data: EventData
