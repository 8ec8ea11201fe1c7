"""Whether what a PSP says of a payment can be about a charge: the payment that it names, its currency, its amount. Pure.

An amount has to be the one that was asked for, in both directions: the whole. FinCore asks for no partial authorization and no
partial capture of its own accord; what a PSP reports instead, a person looks at. Of a charge that the merchant captures later, any part
may be captured, at the PSP without FinCore too.
"""

from fincore.domain.charge import Charge
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, KnownOutcome
from fincore.domain.refusal import Refusal


def payment_mismatch(charge: Charge, outcome: KnownOutcome) -> Refusal | None:
    """Why an outcome cannot be about this charge, if so: another payment, another amount than the one that was asked for."""
    return other_payment_named(charge, outcome) or _other_amount(charge, outcome)


def other_payment_named(charge: Charge, outcome: KnownOutcome) -> Refusal | None:
    """The same where the amount may be a part of what was asked for: a person read it at the PSP, or it is to go back."""
    if outcome.psp_reference is not None and charge.psp_reference not in (None, outcome.psp_reference):
        return Refusal(
            "psp_reference_differs",
            f"the charge is {charge.psp_reference} at the PSP, not {outcome.psp_reference}",
        )
    if not isinstance(outcome, Approved):
        return None
    if outcome.money.currency != charge.amount.currency:
        return Refusal(
            "currency_differs", f"the PSP reports {outcome.money}, the charge is for {charge.amount}"
        )
    if outcome.money.amount_minor > charge.amount.amount_minor:
        return Refusal(
            "amount_exceeds_charge", f"the PSP reports {outcome.money}, the charge is for {charge.amount}"
        )
    if outcome.money.amount_minor < 1:
        return Refusal("amount_differs", f"the PSP reports {outcome.money} as {outcome.kind}")
    return None


def _other_amount(charge: Charge, outcome: KnownOutcome) -> Refusal | None:
    if not isinstance(outcome, Approved):
        return None
    least, most = _held(charge) if outcome.kind == "authorized" else _capturable(charge)
    if least.amount_minor <= outcome.money.amount_minor <= most.amount_minor:
        return None
    if outcome.kind == "captured" and outcome.money.amount_minor == charge.captured_minor:
        # A person has decided so.
        return None
    asked = f"{most}" if least == most else f"{most} at most"
    return Refusal(
        "amount_differs", f"the PSP reports {outcome.money} as {outcome.kind}, and {asked} was asked for"
    )


def _held(charge: Charge) -> tuple[Money, Money]:
    """What a hold of the charge may be: the whole, or what it is known to be."""
    held = charge.amount
    if charge.authorized_at is not None:
        held = Money(charge.authorized_minor, held.currency)
    return held, held


def _capturable(charge: Charge) -> tuple[Money, Money]:
    """What may have been taken: the whole, or a part of a hold that the merchant captures later.

    Merchants capture at the PSP, too: before FinCore knows of the hold, because the answer to its call was lost or comes later, and
    before a capture that they ask FinCore for, which the PSP then refuses.
    """
    whole = charge.amount
    if charge.capture_method == "manual":
        _, most = _held(charge)
        return Money(1, whole.currency), most
    return whole, whole
