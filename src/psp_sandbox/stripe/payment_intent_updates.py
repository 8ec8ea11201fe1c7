"""Changes of a payment intent between its calls: of all it says while it is not confirmed, of its notes at any time."""

from typing import Any

from msgspec.structs import replace

from psp_sandbox.messages import Response
from psp_sandbox.stripe import machine
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.confirmation import unexpected_state
from psp_sandbox.stripe.currencies import check_amount, currency_of
from psp_sandbox.stripe.customers import check_customer
from psp_sandbox.stripe.expansion import check_expand, expanded
from psp_sandbox.stripe.parameters import changed_metadata, read
from psp_sandbox.stripe.payment_intent_parameters import UpdateParameters
from psp_sandbox.stripe.payment_intents import (
    OPTIONS_SHOWN,
    addressed,
    check_receipt_email,
    payment_method_of,
)
from psp_sandbox.stripe.wire import PaymentIntent

NOTES = ("description", "receipt_email", "shipping")
"""What may be changed at any time, beside the metadata."""
PLAIN = ("statement_descriptor", "statement_descriptor_suffix", "transfer_group", "setup_future_usage")
BEFORE_CONFIRMATION = (
    "amount",
    "capture_method",
    "currency",
    "customer",
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    *PLAIN,
)
"""What may be changed only while the payment waits for a confirmation or for its customer."""


def update(call: Call) -> Response:
    """POST /v1/payment_intents/{id}. No event: Stripe has none for it."""
    given = read(call.request, UpdateParameters)
    check_expand("payment_intent", given.expand)
    before = addressed(call)
    named = next((name for name in BEFORE_CONFIRMATION if getattr(given, name) is not None), None)
    if named is not None and before.status not in machine.CONFIRMABLE:
        message = (
            f"This PaymentIntent's {named} could not be updated because it has a status of {before.status}. "
            f"You may only update the {named} of a PaymentIntent with one of the following statuses: "
            f"{', '.join(sorted(machine.CONFIRMABLE))}."
        )
        raise unexpected_state(before, message)
    check_receipt_email(given.receipt_email)
    changes: dict[str, Any] = {
        name: value or None for name in (*NOTES, *PLAIN) if (value := getattr(given, name)) is not None
    }
    changes["metadata"] = changed_metadata(before.metadata, given.metadata)
    if named is not None:
        changes |= _unconfirmed(call, before, given)
    after: PaymentIntent = replace(before, **changes)
    call.store.update_intent(call.caller, before, after)
    return Response(payload=expanded(call.store, call.account, after, given.expand))


def _unconfirmed(call: Call, before: PaymentIntent, given: UpdateParameters) -> dict[str, Any]:
    """What changes of a payment that is not confirmed. Raises Refusal."""
    currency = before.currency if given.currency is None else currency_of(given.currency)
    amount = before.amount if given.amount is None else given.amount
    check_amount(amount, currency)
    check_customer(call, given.customer)
    customer = given.customer or before.customer
    stored = payment_method_of(call, given, customer)
    method = before.payment_method if stored is None else stored.method.id
    changes = {"amount": amount, "currency": currency, "customer": customer, "payment_method": method}
    if given.capture_method is not None:
        changes["capture_method"] = given.capture_method
    if given.payment_method_options is not None:
        changes["payment_method_options"] = OPTIONS_SHOWN[
            given.payment_method_options.card.request_three_d_secure
        ]
    if (amount, currency, method) != (before.amount, before.currency, before.payment_method):
        # What the customer was asked to approve is no more what would be taken.
        call.store.challenges.close(before.id)
        changes["next_action"] = None
        changes["status"] = "requires_payment_method" if method is None else "requires_confirmation"
    return changes
