"""What doing a dead letter again would do, and whether something still waits for it. Pure.

Done again, a job does what the log says is left to do. It never charges a second time: each call carries the key of the first one, and
a call that is older than the PSP keeps keys is not repeated but asked about.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, cast, get_args

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.checkout_session import CheckoutSession
from fincore.domain.ids import ChargeId, CheckoutSessionId, RefundId
from fincore.domain.job import JobKind
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.risk_review import review_status
from fincore.write.queue.port import HeldJob

LeftToDo = Literal["call_psp", "ask_psp", "follow", "read_report", "nothing", "unreadable"]
"""What a job would do now. `call_psp`: ask the PSP to move money, under the key of the first call. `ask_psp`: ask it what became of a call,
and repeat that call under its key only where it never happened. `follow`: look after a charge or a checkout session. `read_report`: read a
webhook that is stored. `nothing`: what it was for is over. `unreadable`: this FinCore does not know the job, or not what it is about."""


class Replay(msgspec.Struct, frozen=True):
    """What a job of a kind does, and why doing it twice does it once."""

    does: str
    once: str


_SAME_KEY: Final = (
    "The call carries the key of the first one, so the PSP answers as it did then. A call that is older than the PSP keeps keys is not "
    "repeated: its outcome becomes unknown, and the PSP is asked."
)
_ASKS: Final = "Asking changes nothing at the PSP. What it answers is recorded once: the charge has a state for it or has not."

REPLAYS: Final[Mapping[JobKind, Replay]] = MappingProxyType(
    {
        "charge.authorize": Replay("Asks the PSP to authorize or take the amount of the charge.", _SAME_KEY),
        "charge.complete": Replay("Asks the PSP to take or hold what the customer has approved.", _SAME_KEY),
        "charge.capture": Replay("Asks the PSP to capture what it holds.", _SAME_KEY),
        "charge.cancel": Replay("Asks the PSP to give up what it holds.", _SAME_KEY),
        "charge.resolve": Replay("Asks the PSP what became of a call with an unknown outcome.", _SAME_KEY),
        "charge.follow": Replay("Asks the PSP how a charge stands that waits.", _ASKS),
        "charge.inquire": Replay("Asks the PSP once how a charge stands.", _ASKS),
        "charge.review": Replay(
            "Decides the review of the charge if its time is over, and has the PSP give up what was declined.",
            "A review that is decided is decided once.",
        ),
        "attempt.reverse": Replay(
            "Has the PSP give back what an abandoned attempt took or holds.",
            "The refund has an id that follows from the attempt, and so has its key.",
        ),
        "refund.send": Replay("Asks the PSP to pay the refund.", _SAME_KEY),
        "refund.resolve": Replay("Asks the PSP what became of the refund.", _SAME_KEY),
        "checkout_session.follow": Replay(
            "Does what the checkout session is to have done now.",
            "The id of each charge and of each refund follows from the session, so none is made twice.",
        ),
        "checkout_session.expire": Replay(
            "Ends the checkout session if its time is over.", "A session ends once."
        ),
        "webhook.interpret": Replay(
            "Reads the stored webhook again and records what it reports.",
            "A report changes nothing that the log has already.",
        ),
    }
)
"""Kind of job -> what doing it again does."""


class JobSubject(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is about, as its payload says: ids only. `attempt` is the number of an attempt of the charge."""

    charge_id: ChargeId | None = None
    refund_id: RefundId | None = None
    attempt: int | None = None
    checkout_session_id: CheckoutSessionId | None = None
    psp: PspName | None = None
    psp_account: PspAccount | None = None
    psp_event_id: str | None = None


class JobOutlook(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay would do now. `is_needed`: something waits for this job, so that it cannot be discarded."""

    left_to_do: LeftToDo
    does: str
    once: str
    is_needed: bool


def kind_of(letter: HeldJob) -> JobKind | None:
    """The kind of a dead letter; None for one that this FinCore does not know."""
    return cast("JobKind", letter.kind) if letter.kind in get_args(JobKind) else None


def subject_of(letter: HeldJob) -> JobSubject | None:
    """What a dead letter is about; None where its payload cannot be read."""
    try:
        return msgspec.json.decode(letter.payload, type=JobSubject)
    except msgspec.MsgspecError:
        return None


def outlook_of(letter: HeldJob, charge: Charge | None, session: CheckoutSession | None) -> JobOutlook:
    """What doing a dead letter again would do, with the charge and the session that it names; None where the log has none."""
    kind, subject = kind_of(letter), subject_of(letter)
    left: LeftToDo = (
        "unreadable" if kind is None or subject is None else _left_to_do(kind, subject, charge, session)
    )
    if kind is None or left == "unreadable":
        return JobOutlook(
            left_to_do="unreadable",
            does="FinCore cannot read the job, and holds it again.",
            once="Nothing is called.",
            is_needed=True,
        )
    replay = REPLAYS[kind]
    is_over = left == "nothing"
    return JobOutlook(
        left_to_do=left,
        does="What the job was for is over: it ends without a call." if is_over else replay.does,
        once="Nothing is called." if is_over else replay.once,
        # A person may decide that a report says nothing: the webhook stays in the inbox under its id.
        is_needed=left != "read_report" and not is_over and kind != "charge.inquire",
    )


def _left_to_do(
    kind: JobKind, subject: JobSubject, charge: Charge | None, session: CheckoutSession | None
) -> LeftToDo:
    match kind:
        case "webhook.interpret":
            return "unreadable" if subject.psp_event_id is None else "read_report"
        case "checkout_session.follow" | "checkout_session.expire":
            if session is None:
                return "unreadable"
            is_over = session.status != "open" and not any(
                attempt.status in ("live", "paid_again") for attempt in session.attempts
            )
            return "nothing" if is_over else "follow"
        case _:
            return "unreadable" if charge is None else _left_of_charge(kind, subject, charge)


def _left_of_charge(kind: JobKind, subject: JobSubject, charge: Charge) -> LeftToDo:
    match kind:
        case "charge.resolve":
            is_open = charge.operation is not None and charge.unknown_since is not None
        case "charge.follow":
            is_open = charge.pending_until is not None or charge.status in ("requires_action", "authorized")
        case "charge.inquire":
            is_open = charge.status == "requires_action"
        case "charge.review":
            is_under_review = charge.status == "authorized" and review_status(charge) in ("open", "declined")
            return "follow" if is_under_review else "nothing"
        case "attempt.reverse":
            return _left_of_attempt(subject, charge)
        case "refund.send" | "refund.resolve":
            return _left_of_refund(kind, subject, charge)
        case _:
            return "call_psp" if _is_due(kind, subject, charge) else "nothing"
    return "ask_psp" if is_open else "nothing"


def _is_due(kind: JobKind, subject: JobSubject, charge: Charge) -> bool:
    """Whether the charge still waits for the operation that a job is to carry out, and no other job owns it."""
    operation = charge.operation
    if operation is None or f"charge.{operation.kind}" != kind:
        return False
    if kind == "charge.authorize" and operation.number != (subject.attempt or 1):
        return False
    return charge.unknown_since is None and charge.pending_until is None


def _left_of_attempt(subject: JobSubject, charge: Charge) -> LeftToDo:
    attempt = None if subject.attempt is None else charge.abandoned_attempt(subject.attempt)
    if attempt is None:
        return "unreadable"
    if attempt.status in ("reversed", "released"):
        return "nothing"
    return "call_psp" if attempt.has_money else "ask_psp"


def _left_of_refund(kind: JobKind, subject: JobSubject, charge: Charge) -> LeftToDo:
    refund = None if subject.refund_id is None else charge.refund(subject.refund_id)
    if refund is None:
        return "unreadable"
    if kind == "refund.send":
        is_due = refund.status == "processing" and refund.unknown_since is None
        return "call_psp" if is_due else "nothing"
    return "ask_psp" if refund.status in ("processing", "pending") else "nothing"
