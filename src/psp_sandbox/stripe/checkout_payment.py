"""A customer's attempt to pay a Checkout session: the payment intent is made by the first one."""

from typing import Literal

from msgspec.structs import replace

from psp_sandbox.ids import new_id
from psp_sandbox.stripe import machine
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.checkout_machine import CheckoutTransition
from psp_sandbox.stripe.checkout_store import StoredSession
from psp_sandbox.stripe.confirmation import confirm_with
from psp_sandbox.stripe.effect import Effect, EffectKind
from psp_sandbox.stripe.payment_intent_parameters import CardOptions, ConfirmParameters, PaymentMethodOptions
from psp_sandbox.stripe.payment_intents import OPTIONS_SHOWN
from psp_sandbox.stripe.payment_methods import find_or_clone
from psp_sandbox.stripe.wire import PaymentIntent
from psp_sandbox.stripe.wire_checkout import CustomerDetails

Timing = Literal["at_once", "succeeds_later", "fails_later"]
EFFECTS: dict[Timing, EffectKind] = {
    "succeeds_later": "pay_asynchronously",
    "fails_later": "decline_asynchronously",
}


def pay(
    call: Call, stored: StoredSession, *, card: str, email: str | None, timing: Timing, return_url: str
) -> PaymentIntent:
    """One attempt with a test card of this name. `return_url` is where the customer comes back to from their bank's page.

    Raises Refusal: the card was refused, after the failure was recorded; the session stays open.
    """
    store = call.store
    method = find_or_clone(call, card)
    intent = _intent_of(call, stored, email)
    kind = EFFECTS.get(timing)
    if kind is None:
        card_options = CardOptions(request_three_d_secure=stored.plan.request_three_d_secure)
        given = ConfirmParameters(
            return_url=return_url, payment_method_options=PaymentMethodOptions(card=card_options)
        )
        return confirm_with(call, intent, method, given)
    store.challenges.close(intent.id)
    facts = machine.Attempt(
        method=method.method, card=method.card, now=store.now(), charge_id="", movement_id=""
    )
    return store.apply(
        call.caller, machine.process(intent, facts, effect=Effect(kind=kind, object_id=intent.id))
    )


def _intent_of(call: Call, stored: StoredSession, email: str | None) -> PaymentIntent:
    """The payment intent of the session, made now if this is the first attempt."""
    session, plan, store = stored.session, stored.plan, call.store
    details = CustomerDetails(email=email or session.customer_email)
    known = session.payment_intent
    intent = store.intents.get(call.account, known) if isinstance(known, str) else None
    if intent is None:
        intent_id = new_id("pi")
        intent = PaymentIntent(
            id=intent_id,
            amount=session.amount_total,
            automatic_payment_methods=None,
            capture_method=plan.capture_method,
            client_secret=f"{intent_id}_{new_id('secret')}",
            confirmation_method="automatic",
            created=store.now(),
            currency=session.currency,
            customer=session.customer,
            description=plan.description,
            livemode=session.livemode,
            metadata=plan.metadata,
            payment_method=None,
            payment_method_options=OPTIONS_SHOWN[plan.request_three_d_secure],
            receipt_email=plan.receipt_email,
            setup_future_usage=None,
            statement_descriptor=plan.statement_descriptor,
            statement_descriptor_suffix=plan.statement_descriptor_suffix,
            status="requires_payment_method",
            transfer_group=None,
        )
        store.add_intent(call.caller, intent)
    tried = replace(session, payment_intent=intent.id, customer_details=details)
    store.apply_to_session(call.caller, CheckoutTransition(tried))
    return intent
