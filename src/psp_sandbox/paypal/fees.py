"""What PayPal keeps of a payment. Real fees differ by country and contract; this is one rule for all. Pure."""

RATE_PER_MYRIAD = 349
FIXED_MINOR = 49


def fee_minor(amount_minor: int) -> int:
    """3.49 % and 49 minor units of a payment, at most the payment itself."""
    return min(rate_minor(amount_minor) + FIXED_MINOR, amount_minor)


def rate_minor(amount_minor: int) -> int:
    """The part that grows with the amount, which comes back with a refund. Rounds half up."""
    return (amount_minor * RATE_PER_MYRIAD + 5_000) // 10_000


def returned_minor(amount_minor: int, *, refunded_before_minor: int, captured_minor: int) -> int:
    """What comes back with a refund: all refunds of a capture together give back its part that grows, never more."""
    kept = min(rate_minor(captured_minor), fee_minor(captured_minor))
    after = refunded_before_minor + amount_minor
    return min(rate_minor(after), kept) - min(rate_minor(refunded_before_minor), kept)
