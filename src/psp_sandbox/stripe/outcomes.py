"""What the issuer, Radar and 3-D Secure say to a payment with a test card. Pure: a card and a request in, a decision out.

Codes and messages are Stripe's (docs.stripe.com/testing, docs.stripe.com/declines/codes). Network decline codes are the
ISO 8583 response codes behind them. Of the advice codes, Stripe publishes `try_again_later` with network code 01 for
a generic decline; the others follow its rule that lost, stolen and fraudulent cards are not tried again.
"""

import msgspec

from psp_sandbox.stripe.cards import Card
from psp_sandbox.stripe.wire import Outcome, ThreeDSecure


class Decline(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One way a card is refused. Without a network code the network was not asked, or Stripe does not tell."""

    code: str = "card_declined"
    decline_code: str | None = None
    message: str
    seller_message: str = "The bank did not return any further details with this decline."
    network_code: str | None = None
    advice_code: str | None = None
    blocked: bool = False


DECLINES = {
    "generic_decline": Decline(
        decline_code="generic_decline",
        message="Your card was declined.",
        network_code="01",
        advice_code="try_again_later",
    ),
    "insufficient_funds": Decline(
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
        seller_message="The bank returned the decline code `insufficient_funds`.",
        network_code="51",
        advice_code="try_again_later",
    ),
    "lost_card": Decline(
        decline_code="lost_card",
        message="Your card was declined.",
        seller_message="The bank returned the decline code `lost_card`.",
        network_code="41",
        advice_code="do_not_try_again",
    ),
    "stolen_card": Decline(
        decline_code="stolen_card",
        message="Your card was declined.",
        seller_message="The bank returned the decline code `stolen_card`.",
        network_code="43",
        advice_code="do_not_try_again",
    ),
    "expired_card": Decline(
        code="expired_card",
        message="Your card has expired.",
        seller_message="The bank returned the decline code `expired_card`.",
        network_code="54",
        advice_code="confirm_card_data",
    ),
    "incorrect_cvc": Decline(
        code="incorrect_cvc",
        message="Your card's security code is incorrect.",
        seller_message="The bank returned the decline code `incorrect_cvc`.",
        network_code="N7",
        advice_code="confirm_card_data",
    ),
    "processing_error": Decline(
        code="processing_error",
        message="An error occurred while processing your card. Try again in a little bit.",
        seller_message="The bank returned the decline code `processing_error`.",
        network_code="96",
        advice_code="try_again_later",
    ),
    "card_velocity_exceeded": Decline(
        decline_code="card_velocity_exceeded",
        message="Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
        seller_message="The bank returned the decline code `card_velocity_exceeded`.",
        network_code="65",
        advice_code="try_again_later",
    ),
    "authentication_required": Decline(
        code="authentication_required",
        decline_code="authentication_required",
        message="Your card was declined. This transaction requires authentication.",
        seller_message="The bank returned the decline code `authentication_required`.",
        network_code="1A",
    ),
    "fraudulent": Decline(
        decline_code="fraudulent",
        message="Your card was declined.",
        seller_message="Stripe blocked this payment as too risky.",
        advice_code="do_not_try_again",
        blocked=True,
    ),
}

RISK_SCORES = {"normal": 20, "elevated": 68, "highest": 92}

CHALLENGED = ThreeDSecure(
    authentication_flow="challenge",
    electronic_commerce_indicator="05",
    result="authenticated",
    version="2.2.0",
)
FRICTIONLESS = ThreeDSecure(
    authentication_flow="frictionless",
    electronic_commerce_indicator="05",
    result="authenticated",
    version="2.2.0",
)


class Approved(msgspec.Struct, frozen=True, gc=False):
    """The issuer holds the money."""

    three_d_secure: ThreeDSecure | None = None


class Declined(msgspec.Struct, frozen=True, gc=False):
    """Refused, by the issuer or by Radar."""

    decline: Decline
    three_d_secure: ThreeDSecure | None = None


class ChallengeRequired(msgspec.Struct, frozen=True, gc=False):
    """The customer has to authenticate first."""


Decision = Approved | Declined | ChallengeRequired


def decide(
    card: Card, *, authenticated: bool, off_session: bool, challenge_requested: bool, challenge_possible: bool
) -> Decision:
    """What becomes of an attempt.

    `challenge_requested`: the merchant asked for 3-D Secure. `challenge_possible` is false where the merchant said
    to fail rather than wait for the customer.
    """
    if authenticated:
        return _by_issuer(card, CHALLENGED)
    if card.authentication == "unavailable":
        return Declined(DECLINES["generic_decline"])
    if card.authentication == "optional_unavailable" and challenge_requested:
        return Declined(DECLINES["processing_error"])
    if _challenged(card, off_session=off_session, requested=challenge_requested):
        if off_session or not challenge_possible:
            return Declined(DECLINES["authentication_required"])
        return ChallengeRequired()
    return _by_issuer(card, FRICTIONLESS if card.authentication == "frictionless" else None)


def outcome_of(card: Card, decision: Approved | Declined) -> Outcome:
    """`charge.outcome`: who decided, why, and how risky Radar found it."""
    score = RISK_SCORES[card.risk]
    if isinstance(decision, Approved):
        return Outcome(
            network_status="approved_by_network",
            risk_level=card.risk,
            risk_score=score,
            seller_message="Payment complete.",
            type="authorized",
        )
    decline = decision.decline
    return Outcome(
        advice_code=decline.advice_code,
        network_decline_code=decline.network_code,
        network_status="not_sent_to_network" if decline.blocked else "declined_by_network",
        reason="highest_risk_level" if decline.blocked else decline.decline_code or decline.code,
        risk_level=card.risk,
        risk_score=score,
        seller_message=decline.seller_message,
        type="blocked" if decline.blocked else "issuer_declined",
    )


def _challenged(card: Card, *, off_session: bool, requested: bool) -> bool:
    return (
        card.authentication == "required"
        or (card.authentication == "required_on_session" and not off_session)
        or (card.authentication == "optional" and requested)
    )


def _by_issuer(card: Card, three_d_secure: ThreeDSecure | None) -> Approved | Declined:
    if card.decline is None:
        return Approved(three_d_secure)
    return Declined(DECLINES[card.decline], three_d_secure)
