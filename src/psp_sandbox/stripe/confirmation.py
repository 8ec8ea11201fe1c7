"""One attempt to pay: the card is asked, the machine moves on, and the answer or the refusal follows."""

from msgspec.structs import replace

from psp_sandbox.ids import new_id
from psp_sandbox.stripe import machine
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.challenges import Challenge
from psp_sandbox.stripe.errors import Refusal, card_refused, refused
from psp_sandbox.stripe.outcomes import ChallengeRequired, decide
from psp_sandbox.stripe.payment_intent_parameters import ConfirmParameters
from psp_sandbox.stripe.stored_card import StoredCard
from psp_sandbox.stripe.wire import NextAction, PaymentIntent, RedirectToUrl, UseStripeSdk


def confirm_with(
    call: Call, intent: PaymentIntent, stored: StoredCard | None, given: ConfirmParameters
) -> PaymentIntent:
    """One attempt. Raises Refusal: no card, or the card was refused (after the failure was recorded)."""
    if stored is None:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. "
            "You can either update the PaymentIntent with a payment method and then confirm it again, "
            "or confirm it again directly with a payment method or ConfirmationToken."
        )
        raise unexpected_state(intent, message)
    store = call.store
    decision = decide(
        stored.card,
        authenticated=store.challenges.is_authenticated(intent.id)
        and stored.method.id == intent.payment_method,
        off_session=given.off_session in (True, "true", "one_off", "recurring"),
        challenge_requested=given.payment_method_options.card.request_three_d_secure != "automatic",
        challenge_possible=not given.error_on_requires_action,
    )
    next_action = None
    if isinstance(decision, ChallengeRequired):
        next_action = _challenge(call, intent, stored, given.return_url)
    else:
        store.challenges.close(intent.id)
    facts = machine.Attempt(
        method=stored.method,
        card=stored.card,
        now=store.now(),
        charge_id=new_id("ch"),
        movement_id=new_id("txn"),
        next_action=next_action,
    )
    transition = machine.attempt(intent, decision, facts)
    intent = store.apply(call.caller, transition)
    if transition.error is not None:
        raise card_refused(transition.error)
    return intent


def _challenge(call: Call, intent: PaymentIntent, stored: StoredCard, return_url: str | None) -> NextAction:
    """Open a challenge; the way to its page is what the customer has to do next."""
    challenge = Challenge(
        id=new_id("3ds"), account=call.account, intent_id=intent.id, return_url=return_url, stored=stored
    )
    call.store.challenges.open(challenge)
    url = f"{call.public_url}/3ds/{challenge.id}"
    if return_url is None:
        return NextAction(type="use_stripe_sdk", use_stripe_sdk=UseStripeSdk(stripe_js=url))
    return NextAction(type="redirect_to_url", redirect_to_url=RedirectToUrl(return_url=return_url, url=url))


def unexpected_state(intent: PaymentIntent, message: str) -> Refusal:
    """400: what was asked is not possible in the state the intent is in; the intent comes with the refusal."""
    refusal = refused(message, code="payment_intent_unexpected_state")
    return Refusal(refusal.status, replace(refusal.detail, payment_intent=intent), remembered=True)
