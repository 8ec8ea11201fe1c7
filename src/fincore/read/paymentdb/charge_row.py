"""A `ChargeView` as a row of `paymentdb.charges`, and back."""

from datetime import datetime
from typing import Final, TypeVar

import asyncpg
import msgspec

from fincore.domain.attempt import AbandonedAttempt
from fincore.domain.charge import Charge
from fincore.domain.dispute import Dispute
from fincore.domain.events import ReviewDecided
from fincore.domain.fee_fields import ReturnedFee
from fincore.domain.fee_plan import FeePlan
from fincore.domain.fraud_warning import FraudWarnings
from fincore.domain.held_report import HeldReport
from fincore.domain.ids import CheckoutSessionId
from fincore.domain.money import Money
from fincore.domain.operation import OperationFailure, PendingOperation
from fincore.domain.outcome import Failure, PspReference, SubReference
from fincore.domain.payment_method import (
    Instrument,
    KeptCard,
    PaymentMethod,
    name_of,
    payment_method_of,
    payment_method_type,
)
from fincore.domain.psp_risk import PspRisk
from fincore.domain.refund import Refund
from fincore.domain.risk import CustomerContext, RiskAssessment
from fincore.domain.risk_review import review_status
from fincore.domain.route_plan import RoutePlan
from fincore.read.paymentdb.charge_view import ChargeView

T = TypeVar("T")


class _Attempts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The column `attempts`: what tells where the charge came from, may go and went, and how far its customer came.

    `kept_card` is what the charge is paid with, where its id does not tell it all; `returned_fees` came back to us apart from
    a refund. The column is null for most charges.
    """

    plan: RoutePlan | None = None
    sub_references: tuple[SubReference, ...] = ()
    abandoned: tuple[AbandonedAttempt, ...] = ()
    completions_requested: int = 0
    actions_required: int = 0
    approved_at: datetime | None = None
    checkout_session_id: CheckoutSessionId | None = None
    kept_card: KeptCard | None = None
    returned_fees: tuple[ReturnedFee, ...] = ()


class _Customer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The column `customer`: what the merchant told of the customer beside their address for a receipt."""

    context: CustomerContext | None = None
    billing_country: str | None = None
    shipping_country: str | None = None


class _Risk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The column `risk`: what the rules decided, how a review ended, what the PSP found, and of what it warned."""

    assessment: RiskAssessment | None = None
    review_decided: ReviewDecided | None = None
    psp_risk: PspRisk | None = None
    fraud_warnings: FraudWarnings = ()


_NO_ATTEMPTS: Final = _Attempts()
_NO_CUSTOMER: Final = _Customer()
_NO_RISK: Final = _Risk()

_METADATA: Final = msgspec.json.Decoder(dict[str, str])
_FAILURE: Final = msgspec.json.Decoder(Failure)
_FEE_PLAN: Final = msgspec.json.Decoder(FeePlan)
_OPERATION: Final = msgspec.json.Decoder(PendingOperation)
_OPERATION_FAILURE: Final = msgspec.json.Decoder(OperationFailure)
_REFUNDS: Final = msgspec.json.Decoder(tuple[Refund, ...])
_DISPUTES: Final = msgspec.json.Decoder(tuple[Dispute, ...])
_HELD_REPORTS: Final = msgspec.json.Decoder(tuple[HeldReport, ...])
_INSTRUMENT: Final = msgspec.json.Decoder(Instrument)
_ATTEMPTS: Final = msgspec.json.Decoder(_Attempts)
_CUSTOMER: Final = msgspec.json.Decoder(_Customer)
_RISK: Final = msgspec.json.Decoder(_Risk)
_ENCODER: Final = msgspec.json.Encoder()


def row_of(view: ChargeView) -> tuple[object, ...]:
    """The columns of a view, in the order of the table."""
    charge = view.charge
    return (
        view.charge_id,
        view.stream_id,
        charge.version,
        charge.merchant_id,
        charge.livemode,
        charge.status,
        charge.amount.amount_minor,
        charge.amount.currency,
        charge.capture_method,
        charge.authorized_minor,
        charge.captured_minor,
        charge.refunded_minor,
        charge.refundable_minor,
        charge.fee.amount_minor if charge.fee else None,
        charge.fee.currency if charge.fee else None,
        _json(charge.fee_plan),
        name_of(charge.payment_method),
        charge.psp,
        charge.psp_account,
        charge.psp_reference,
        charge.capture_before,
        charge.description,
        charge.customer_email,
        _ENCODER.encode(charge.metadata).decode(),
        charge.return_url,
        charge.redirect_url,
        _json(charge.failure),
        _json(charge.operation),
        _json(charge.operation_failure),
        charge.captures_requested,
        charge.cancels_requested,
        charge.unknown_since,
        _json(charge.refunds),
        _json(charge.disputes),
        charge.created_at,
        view.updated_at,
        _json(charge.held_reports),
        payment_method_type(charge.payment_method),
        charge.cancel_url,
        _json(charge.instrument),
        charge.authorized_at,
        charge.pending_until,
        _json(_attempts_of(charge)),
        charge.return_page,
        _json(_other_references(charge)),
        _json(_customer_of(charge)),
        _json(_risk_of(charge)),
        review_status(charge),
        charge.review_decide_by,
    )


def view_of(row: asyncpg.Record) -> ChargeView:
    """The view a row holds; the inverse of `row_of`."""
    attempts = _read(_ATTEMPTS, row["attempts"]) or _NO_ATTEMPTS
    customer = _read(_CUSTOMER, row["customer"]) or _NO_CUSTOMER
    risk = _read(_RISK, row["risk"]) or _NO_RISK
    return ChargeView(
        charge_id=row["charge_id"],
        stream_id=row["stream_id"],
        charge=Charge(
            version=row["version"],
            merchant_id=row["merchant_id"],
            livemode=row["livemode"],
            status=row["status"],
            amount=Money(row["amount_minor"], row["currency"]),
            capture_method=row["capture_method"],
            authorized_minor=row["authorized_minor"],
            captured_minor=row["captured_minor"],
            fee=Money(row["fee_minor"], row["fee_currency"]) if row["fee_currency"] else None,
            fee_plan=_read(_FEE_PLAN, row["fee_plan"]),
            payment_method=attempts.kept_card
            or payment_method_of(row["payment_method_type"], row["payment_method"]),
            psp=row["psp"],
            psp_account=row["psp_account"],
            psp_reference=row["psp_reference"],
            capture_before=row["capture_before"],
            description=row["description"],
            customer_email=row["customer_email"],
            metadata=_METADATA.decode(row["metadata"]),
            return_url=row["return_url"],
            redirect_url=row["redirect_url"],
            failure=_read(_FAILURE, row["failure"]),
            operation=_read(_OPERATION, row["operation"]),
            operation_failure=_read(_OPERATION_FAILURE, row["operation_failure"]),
            captures_requested=row["captures_requested"],
            cancels_requested=row["cancels_requested"],
            unknown_since=row["unknown_since"],
            refunds=_read(_REFUNDS, row["refunds"]) or (),
            disputes=_read(_DISPUTES, row["disputes"]) or (),
            held_reports=_read(_HELD_REPORTS, row["held_reports"]) or (),
            cancel_url=row["cancel_url"],
            return_page=row["return_page"],
            instrument=_read(_INSTRUMENT, row["instrument"]),
            authorized_at=row["authorized_at"],
            pending_until=row["pending_until"],
            plan=attempts.plan,
            sub_references=attempts.sub_references,
            abandoned_attempts=attempts.abandoned,
            completions_requested=attempts.completions_requested,
            actions_required=attempts.actions_required,
            approved_at=attempts.approved_at,
            checkout_session_id=attempts.checkout_session_id,
            returned_fees=attempts.returned_fees,
            review_decide_by=row["review_decide_by"],
            created_at=row["created_at"],
            customer=customer.context,
            billing_country=customer.billing_country,
            shipping_country=customer.shipping_country,
            risk=risk.assessment,
            review_decided=risk.review_decided,
            psp_risk=risk.psp_risk,
            fraud_warnings=risk.fraud_warnings,
        ),
        updated_at=row["updated_at"],
    )


def _other_references(charge: Charge) -> list[PspReference]:
    """What the charge is called at PSPs beside the payment's own id."""
    return sorted({reference for _, _, reference in charge.references} - {charge.psp_reference})


def _attempts_of(charge: Charge) -> _Attempts | None:
    attempts = _Attempts(
        plan=charge.plan,
        sub_references=charge.sub_references,
        abandoned=charge.abandoned_attempts,
        completions_requested=charge.completions_requested,
        actions_required=charge.actions_required,
        approved_at=charge.approved_at,
        checkout_session_id=charge.checkout_session_id,
        kept_card=_told_by_more_than_its_id(charge.payment_method),
        returned_fees=charge.returned_fees,
    )
    return None if attempts == _NO_ATTEMPTS else attempts


def _customer_of(charge: Charge) -> _Customer | None:
    customer = _Customer(
        context=charge.customer,
        billing_country=charge.billing_country,
        shipping_country=charge.shipping_country,
    )
    return None if customer == _NO_CUSTOMER else customer


def _risk_of(charge: Charge) -> _Risk | None:
    risk = _Risk(
        assessment=charge.risk,
        review_decided=charge.review_decided,
        psp_risk=charge.psp_risk,
        fraud_warnings=charge.fraud_warnings,
    )
    return None if risk == _NO_RISK else risk


def _told_by_more_than_its_id(method: PaymentMethod) -> KeptCard | None:
    if isinstance(method, KeptCard) and method != KeptCard(method.card_id):
        return method
    return None


def _json(value: object) -> str | None:
    """JSON, and null where there is nothing to tell: most charges have none of most of these."""
    return _ENCODER.encode(value).decode() if value else None


def _read(decoder: msgspec.json.Decoder[T], text: str | None) -> T | None:
    return None if text is None else decoder.decode(text)
