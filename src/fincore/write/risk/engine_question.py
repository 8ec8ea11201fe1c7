"""The question to a risk engine in another process and its answer, as JSON. They hold nothing of a card but its token and what PSPs told of it. Pure.

Both sides may be of different releases: each says the form that it writes, and reads no other.
"""

from typing import Final, Literal

import msgspec

from fincore.domain.errors import FinCoreError
from fincore.domain.payment_method import CardInstrument
from fincore.domain.risk import RiskAssessment
from fincore.write.risk.engine import RiskRequest
from fincore.write.risk.features import TOLD_EARLIER

FORM: Final = 1


class NotAQuestion(FinCoreError):
    """What a function was given is no question of this form."""

    def __init__(self) -> None:
        super().__init__(
            "the function was not invoked with a question of this release: deploy the function and the roles that ask it at one release"
        )


class NotAnAnswer(FinCoreError):
    """What came back is no answer of this form."""


class _Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: Literal[1]
    request: RiskRequest


class _Answer(msgspec.Struct, frozen=True):
    form: Literal[1]
    assessment: RiskAssessment | None


def question_of(request: RiskRequest) -> bytes:
    """The question. Raises `ValueError` for a request of the card edge: what is derived from a card's number does not leave it."""
    if request.number_hmac is not None or request.first_digits is not None:
        raise ValueError("a request with what is derived from a card number is assessed where it came in")
    known = request.instrument
    if known is not None:
        # Rules read no more of a card.
        known = CardInstrument(**{field: getattr(known, field) for field in TOLD_EARLIER.values()})
    return msgspec.json.encode(_Question(FORM, msgspec.structs.replace(request, instrument=known)))


def request_in(question: object) -> RiskRequest:
    """The request of a question, as a JSON value. Raises `NotAQuestion`."""
    try:
        return msgspec.convert(question, _Question).request
    except msgspec.ValidationError:
        raise NotAQuestion from None


def answer_of(assessment: RiskAssessment | None) -> object:
    """The answer, as a JSON value."""
    value: object = msgspec.to_builtins(_Answer(FORM, assessment))
    return value


def assessment_in(answer: bytes) -> RiskAssessment | None:
    """The assessment of an answer. Raises `NotAnAnswer`."""
    try:
        return msgspec.json.decode(answer, type=_Answer).assessment
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NotAnAnswer("the answer has another form") from None
