"""How much one person may adjust alone. Pure."""

from fincore.domain.money import Money
from fincore.domain.one_person_limits import OnePersonLimits, over_limit, over_limit_sentence


def limit_flaw(
    limits: OnePersonLimits, of: Money, *, today_minor: int, is_proposed: bool = False
) -> str | None:
    """Why a person may not adjust this amount alone, and what to do; None where it is within the limits.

    `of` is gross and fee, each without its sign. `today_minor`: what the person adjusted and reversed alone on this day already, likewise.
    `is_proposed`: it becomes a proposal, so that the person has nothing else to do.
    """
    over = over_limit(limits, of, today_minor=today_minor)
    if over is None:
        return None
    sentence = over_limit_sentence(over, "adjust")
    if is_proposed:
        return f"{sentence}: a second person has to agree"
    instead = "propose it in the staff dashboard, where another person approves it"
    if over.limit is None:
        return (
            f"{sentence}: set FINCORE_ADJUSTMENT_LIMITS_MINOR to what one person may adjust at once and in a day, such as "
            f"{over.wanted.currency}:10000:50000, or {instead}"
        )
    return f"{sentence}: a second person has to agree: {instead}"
