"""Closed sets of words that requests and answers are made of, each with the public name and the meaning that it has in the document. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, get_args

from fincore.domain.events import ChargeStatus, EventType, Operation, RefundOrigin, RefundReason
from fincore.domain.outcome import (
    DeclineAdvice,
    DisputeCategory,
    DisputeStatus,
    FailureCode,
    FraudType,
    RefundFailureCode,
)
from fincore.domain.payment_method import PaymentMethodType
from fincore.domain.psp_risk import PspRiskLevel
from fincore.domain.public_session_event import ToldSessionEventType
from fincore.domain.refund import RefundStatus
from fincore.domain.risk_review import ReviewStatus
from fincore.http.problems import ProblemCode
from fincore.notify.delivery_log import DeliveryFailure, DeliveryStatus
from fincore.notify.endpoint import DisabledReason
from fincore.notify.retry_schedule import AttemptError
from fincore.public.attempt_body import ShownAttemptStatus
from fincore.read.ledgerdb.balance_transaction import BalanceTransactionType


class NamedWords(NamedTuple):
    """A closed set of words that has a name of its own in the document."""

    words: tuple[str, ...]
    description: str


NAMED_WORDS: Final[Mapping[str, NamedWords]] = MappingProxyType(
    {
        "BalanceTransactionType": NamedWords(
            get_args(BalanceTransactionType), "What moved the merchant's balance."
        ),
        "ChargeFailureCode": NamedWords(
            get_args(FailureCode), "Why a charge, a capture or a cancellation failed. The same for every PSP."
        ),
        "ChargeStatus": NamedWords(
            get_args(ChargeStatus),
            "`processing`: FinCore asks the PSP. `requires_action`: the customer must authenticate or approve. "
            "`authorized`: the bank holds the money. `succeeded`: the PSP took the money. `failed`: no "
            "money moved. `canceled`: the payment was canceled and the hold released. `expired`: the hold "
            "or the time of the customer ran out.",
        ),
        "DeclineAdvice": NamedWords(
            get_args(DeclineAdvice),
            "What may help. `retry_later`: a soft decline; the same card may work later. `ask_customer`: the customer must "
            "do something first. `do_not_retry`: the same request will fail again.",
        ),
        "DisputeCategory": NamedWords(
            get_args(DisputeCategory),
            "Why a charge is disputed. `fraud`: the customer says that they did not pay. `unrecognized`: they do not know the "
            "payment. `other`: any other reason.",
        ),
        "DisputeStatus": NamedWords(
            get_args(DisputeStatus),
            "`needs_response`: send your evidence at the PSP until `evidence_due_by`. `under_review`: the "
            "bank decides. `won`, `lost`: the bank has decided. `closed`: the dispute ended without a "
            "decision of the bank.",
        ),
        "ChargeEventType": NamedWords(
            get_args(EventType), "What happened to a charge. /docs/events explains each type."
        ),
        "EventType": NamedWords(
            (*get_args(EventType), *get_args(ToldSessionEventType)),
            "What happened. /docs/events explains each type.",
        ),
        "FraudType": NamedWords(
            get_args(FraudType), "Which fraud the bank that issued the card suspects. `other`: any other."
        ),
        "PaymentMethodType": NamedWords(
            get_args(PaymentMethodType),
            "How the customer pays. `card`: with a card behind a token. `paypal`: with a PayPal account, after approving the "
            "payment on PayPal's page. `paypal_vault`: with what the customer let PayPal keep for you. `hosted_card`: with a card that "
            "the customer types in on the PSP's page. `kept_card`: with a card that FinCore keeps for you.",
        ),
        "AttemptStatus": NamedWords(
            get_args(ShownAttemptStatus),
            "Where an attempt at a PSP account stands. `current`: the charge itself says it. `abandoned`: it took no money. "
            "`authorized`, `captured`: the PSP shows later that it holds or took money after all, and FinCore gives it back. "
            "`released`, `reversed`: the money went back. `reversal_failed`: it did not, and the operator looks after it.",
        ),
        "Operation": NamedWords(get_args(Operation), "What FinCore asks a PSP to do with a charge."),
        "ProblemCode": NamedWords(
            get_args(ProblemCode), "What is wrong. /docs/errors explains each code and says what to do."
        ),
        "PspRiskLevel": NamedWords(
            get_args(PspRiskLevel),
            "How risky the PSP found a payment. `not_assessed`: it did not judge it. `unknown`: its judgement failed.",
        ),
        "Reason": NamedWords(get_args(RefundReason), "Why you cancel or refund a charge."),
        "RefundFailureCode": NamedWords(
            get_args(RefundFailureCode), "Why a refund failed. The same for every PSP."
        ),
        "RefundOrigin": NamedWords(
            get_args(RefundOrigin),
            "`merchant`: you requested the refund here. `staff`: the operator of this installation did. `psp`: it was made at the PSP, such as "
            "in its dashboard.",
        ),
        "RefundStatus": NamedWords(
            get_args(RefundStatus),
            "`processing`: FinCore asks the PSP. `pending`: the PSP accepted the refund and will carry it "
            "out. `succeeded`: the PSP sent the money to the customer; the customer's bank can still return "
            "it, and the refund is then `failed`. `failed`: the customer does not get the money, and the "
            "amount can be refunded again.",
        ),
        "ReviewStatus": NamedWords(
            get_args(ReviewStatus),
            "How the review of a charge stands. `open`: the money is held, or is to be, and nothing is captured. `approved`, "
            "`declined`: staff decided, or their time was over. `captured_by_psp`: the PSP took the money although it was asked to "
            "hold it; staff see to it. `closed`: the charge ended before that.",
        ),
        "WebhookAttemptError": NamedWords(
            get_args(AttemptError), "Why your server's answer to an attempt is missing."
        ),
        "WebhookDeliveryFailure": NamedWords(
            get_args(DeliveryFailure),
            "`exhausted`: the schedule ended. `gone`: your server answered 410. `endpoint_disabled`: the endpoint was "
            "disabled before the delivery arrived.",
        ),
        "WebhookDeliveryStatus": NamedWords(
            get_args(DeliveryStatus),
            "`pending`: FinCore will send it, or send it again. `delivered`: your server answered 2xx. `failed`: "
            "FinCore does not send it again unless you replay it.",
        ),
        "WebhookDisabledReason": NamedWords(
            get_args(DisabledReason),
            "`by_merchant`: you disabled the endpoint. `by_staff`: the operator of this installation did. `gone`: your server answered 410. `failing`: your server "
            "accepted nothing during the whole schedule of a delivery.",
        ),
    }
)
"""Public name -> the words. A field that takes exactly these words refers to the name."""
