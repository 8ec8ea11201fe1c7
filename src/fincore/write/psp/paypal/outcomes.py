"""What PayPal's responses to calls about payments mean: from responses and errors to outcomes, by the tables. Pure."""

from datetime import datetime
from typing import Final, TypeVar, assert_never

import msgspec
import structlog

from fincore.domain.events import CancelReason
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Expired,
    Failure,
    OperationOutcome,
    Outcome,
    PspReference,
    Rejected,
    Retryable,
    SubReference,
    Unknown,
)
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.paypal import status_tables
from fincore.write.psp.paypal.error_policy import (
    error_meaning,
    failure_of,
    refusal_failure,
    undetermined_outcome,
    unknown,
)
from fincore.write.psp.paypal.issue_table import (
    Ask,
    CustomerMustAct,
    Gone,
    Look,
    Refused,
    Repeat,
)
from fincore.write.psp.paypal.orders import decline_failure, names, read_capture, read_order, understood
from fincore.write.psp.paypal.response import Response
from fincore.write.psp.paypal.wire import Authorization, Capture, Order, PayPalError, link
from fincore.write.psp.port import AuthorizeRequest, CaptureRequest, CompleteRequest

_log = structlog.get_logger(__name__)

T = TypeVar("T")

_FIRST_ERROR_STATUS: Final = 300
_NO_CONTENT: Final = 204


class ReadRecord(msgspec.Struct, frozen=True):
    """PayPal's record of the order says what became of it, or where the customer has to go. `reason` is a sentence."""

    reason: str


PAGE_MISSING: Final = Failure(
    code="authentication_required",
    message="PayPal needs the customer on its page, and the charge names no return_url and cancel_url.",
    advice="ask_customer",
)


def authorization_outcome(
    response: Response[Order] | NotSent | NoResponse, request: AuthorizeRequest, *, now: datetime
) -> Outcome:
    """What the response to the call that creates an order means, and pays it at once where there is no page to go to."""
    if not isinstance(response, Response):
        return _unanswered(response, now)
    if response.body is not None:
        return _of_new_order(response, response.body, request, now)
    if response.status < _FIRST_ERROR_STATUS:
        return unknown("PayPal's response cannot be read", response, now)
    meaning = error_meaning(response)
    match meaning:
        case Refused():
            return Declined(failure=refusal_failure(meaning, response, "the payment"), occurred_at=now)
        case CustomerMustAct(code=code):
            return Declined(
                failure=failure_of(code, "ask_customer", response, "the payment"), occurred_at=now
            )
        case Gone():
            failure = failure_of("payment_method_invalid", "ask_customer", response, "the payment")
            return Declined(failure=failure, occurred_at=now)
        case Look():
            return unknown("PayPal holds another payment of this charge", response, now)
        case Repeat() | Ask():
            return undetermined_outcome(meaning, response, now)
        case _:
            assert_never(meaning)


def completion_outcome(
    response: Response[Order] | NotSent | NoResponse, request: CompleteRequest, *, now: datetime
) -> Outcome | ReadRecord:
    """What the response to the call that takes or holds what the customer approved means.

    The capture or the authorization decides: an order is COMPLETED when that was refused, too.
    """
    if not isinstance(response, Response):
        return _unanswered(response, now)
    if response.body is not None:
        return _of_completed_order(response, response.body, request, now)
    if response.status < _FIRST_ERROR_STATUS:
        return ReadRecord("PayPal's response cannot be read")
    meaning = error_meaning(response)
    match meaning:
        case Refused():
            return Declined(
                failure=refusal_failure(meaning, response, "the payment"),
                occurred_at=now,
                psp_reference=request.psp_reference,
            )
        case CustomerMustAct():
            page = link((response.error or PayPalError()).links, "redirect", "payer-action", "approve")
            if page is None:
                return ReadRecord("PayPal needs the customer again and names no page")
            return ActionRequired(psp_reference=request.psp_reference, redirect_url=page)
        case Gone():
            return Expired(reason="abandoned", psp_reference=request.psp_reference, occurred_at=now)
        case Look():
            return ReadRecord("the order was completed by an earlier call, or is being completed")
        case Repeat() | Ask():
            return undetermined_outcome(meaning, response, now)
        case _:
            assert_never(meaning)


def capture_outcome(
    response: Response[Capture] | NotSent | NoResponse,
    request: CaptureRequest,
    authorization: PspReference,
    *,
    now: datetime,
) -> OperationOutcome | ReadRecord:
    """What the response to a capture of an authorization means."""
    if not isinstance(response, Response):
        return _unanswered(response, now)
    capture = response.body
    if capture is not None:
        return _of_capture(response, capture, request, authorization, now)
    return _of_operation_error(response, "the capture", now)


def void_outcome(
    response: Response[Authorization] | NotSent | NoResponse,
    order_reference: PspReference,
    authorization: PspReference,
    reason: CancelReason,
    *,
    now: datetime,
) -> OperationOutcome | ReadRecord:
    """What the response to a void means. It has no body where PayPal does not follow our preference (HTTP 204)."""
    if not isinstance(response, Response):
        return _unanswered(response, now)
    if response.status >= _FIRST_ERROR_STATUS:
        return _of_operation_error(response, "the void", now)
    voided = response.body
    if voided is None and response.status != _NO_CONTENT:
        return ReadRecord("PayPal's response cannot be read")
    if voided is not None and voided.id != authorization:
        return about_another(response, now)
    if voided is not None and status_tables.AUTHORIZATION_STATUSES.get(voided.status) != "released":
        return ReadRecord("PayPal accepted the void, and shows the hold still")
    return given_up(order_reference, reason, now)


def given_up(order_reference: PspReference, reason: CancelReason, now: datetime) -> Canceled | Expired:
    """A payment that holds and has taken nothing, and that we will not complete."""
    if reason == "abandoned":
        return Expired(reason="abandoned", psp_reference=order_reference, occurred_at=now)
    return Canceled(reason=reason, psp_reference=order_reference, occurred_at=now)


def about_another(response: Response[T], now: datetime) -> Unknown:
    """The outcome where a response is not about what was asked."""
    _log.error("paypal.response_about_another_payment", debug_id=response.debug_id)
    return unknown("PayPal's response is about another payment", response, now)


def _unanswered(response: NotSent | NoResponse, now: datetime) -> Retryable | Unknown:
    if isinstance(response, NotSent):
        return Retryable(reason=response.reason, retry_after_seconds=response.retry_after_seconds)
    return Unknown(reason=response.reason, since=now)


def _of_new_order(
    response: Response[Order], order: Order, request: AuthorizeRequest, now: datetime
) -> Outcome:
    if not names(order, request.charge_id):
        return about_another(response, now)
    outcome = understood(read_order(order, now=now), now)
    has_pages = request.return_url is not None and request.cancel_url is not None
    if isinstance(outcome, ActionRequired) and not has_pages:
        # Nothing completes an order that its customer cannot approve.
        return Declined(failure=PAGE_MISSING, occurred_at=now, psp_reference=outcome.psp_reference)
    return outcome


def _of_completed_order(
    response: Response[Order], order: Order, request: CompleteRequest, now: datetime
) -> Outcome:
    """A response that shows the order's purchase unit names our charge; one without it was asked for by the order's id."""
    is_ours = names(order, request.charge_id) or not any(unit.custom_id for unit in order.purchase_units)
    if order.id != request.psp_reference or not is_ours:
        return about_another(response, now)
    return understood(read_order(order, now=now), now)


def _of_capture(
    response: Response[Capture],
    capture: Capture,
    request: CaptureRequest,
    authorization: PspReference,
    now: datetime,
) -> OperationOutcome:
    related = capture.supplementary_data and capture.supplementary_data.related_ids
    named_order, named_hold = (related.order_id, related.authorization_id) if related else (None, None)
    if (
        capture.custom_id not in (None, request.charge_id)
        or named_order not in (None, request.psp_reference)
        or named_hold not in (None, authorization)
    ):
        return about_another(response, now)
    if status_tables.CAPTURE_STATUSES.get(capture.status) == "refused":
        failure = decline_failure(capture.processor_response, capture.status_details, "the capture")
        return Rejected(failure=failure, occurred_at=now)
    before = (SubReference("authorization", authorization),)
    read = read_capture(capture, request.psp_reference, before=before, now=now)
    if isinstance(read, Approved) and read.money != request.money:
        return unknown(f"PayPal was asked to capture {request.money} and answers {read.money}", response, now)
    return understood(read, now)


def _of_operation_error(response: Response[T], what: str, now: datetime) -> OperationOutcome | ReadRecord:
    if response.status < _FIRST_ERROR_STATUS:
        return ReadRecord("PayPal's response cannot be read")
    meaning = error_meaning(response)
    match meaning:
        case Refused():
            return Rejected(failure=refusal_failure(meaning, response, what), occurred_at=now)
        case Look() | Gone():
            return ReadRecord(f"the payment is not in the state that {what} needs")
        case CustomerMustAct():
            return unknown(f"PayPal answered {what} with an error of another call", response, now)
        case Repeat() | Ask():
            return undetermined_outcome(meaning, response, now)
        case _:
            assert_never(meaning)
