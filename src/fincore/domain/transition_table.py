"""The transition tables of charges, abandoned attempts and checkout sessions as text, for the docs and the terminal."""

from collections.abc import Sequence

from fincore.domain.attempt import ATTEMPT_TRANSITIONS
from fincore.domain.charge import TRANSITIONS
from fincore.domain.checkout_session import CHECKOUT_ATTEMPT_TRANSITIONS, CHECKOUT_TRANSITIONS


def transition_table() -> str:
    """Each (state, event) of a charge and the state it leads to, in columns."""
    return _columns(
        [
            *((before or "(new)", name, after) for (before, name), after in TRANSITIONS.items()),
            ("(any)", "charge.outcome_decided", "(the same)"),
            ("(any)", "charge.fee_returned", "(the same)"),
            ("(any)", "charge.fee_taken_again", "(the same)"),
            ("(any)", "charge.report_held", "(the same)"),
            ("(any)", "charge.report_released", "(the same)"),
            ("(any)", "charge.fraud_...", "(the same)"),
            ("(any)", "charge.attempt_...", "(the same)"),
            ("(terminal)", "charge.corrected", "(the one it names)"),
        ]
    )


def attempt_table() -> str:
    """Each (state, event) of an abandoned attempt and the state it leads to, in columns."""
    return _columns([(before, name, after) for (before, name), after in ATTEMPT_TRANSITIONS.items()])


def checkout_session_table() -> str:
    """Each (state, event) of a checkout session and the state it leads to, in columns."""
    return _columns(
        [
            *((before or "(new)", name, after) for (before, name), after in CHECKOUT_TRANSITIONS.items()),
            ("(any)", "checkout_session.paid_again", "(the same)"),
            ("(any)", "checkout_session.payment_returned", "(the same)"),
        ]
    )


def checkout_attempt_table() -> str:
    """Each (status, event) of an attempt of a checkout session and the status it leads to, in columns."""
    return _columns(
        [(before or "(new)", name, after) for (before, name), after in CHECKOUT_ATTEMPT_TRANSITIONS.items()]
    )


def _columns(rows: Sequence[tuple[str, str, str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
