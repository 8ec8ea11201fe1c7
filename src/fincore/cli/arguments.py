"""What operators may type, with its bounds and its line of `--help`: ids, texts that are kept for good, times, numbers."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Final

from cyclopts import Parameter, Token, validators

from fincore.domain.card_number import holds_card_number
from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.errors import InvalidId, UsageError
from fincore.domain.ids import (
    AdjustmentId,
    ApiKeyId,
    ChargeId,
    CheckoutSessionId,
    MerchantId,
    PayoutId,
    RefundId,
    SettlementFileId,
    parse_adjustment_id,
    parse_api_key_id,
    parse_charge_id,
    parse_checkout_session_id,
    parse_merchant_id,
    parse_payout_id,
    parse_refund_id,
    parse_settlement_file_id,
)
from fincore.domain.outcome import PspReference
from fincore.domain.settlement_file import SUM_MINOR_MAX
from fincore.domain.stream_names import StreamName, stream_named
from fincore.write.queue.port import JobId

TEXT_CHARACTERS_MAX: Final = 500
REFERENCE_CHARACTERS_MAX: Final = 255
ACCOUNT_ID_CHARACTERS_MAX: Final = 100
_WORD: Final = re.compile(rf"[!-~]{{1,{REFERENCE_CHARACTERS_MAX}}}")
ROWS_MAX: Final = 1_000
"""The most that a list prints."""
DAYS_MAX: Final = 36_500
"""The most days that an age may have: a hundred years."""
NUMBER_MAX: Final = 2**63 - 1
"""The highest number that PostgreSQL gives to an entry."""
_YEARS: Final = range(1970, 9999)  # in every time zone what Python and PostgreSQL can hold


def _written(what: str) -> Callable[[object, str | None], None]:
    """Not as a ValueError, with which cyclopts repeats the value: it may be a card number."""

    def check(_: object, text: str | None) -> None:
        if text is None:  # cyclopts checks defaults, too
            return
        if holds_card_number(text):
            raise UsageError(f"{what} holds a card number: it would be kept, so leave it out")
        if not 1 <= len(text.strip()) <= TEXT_CHARACTERS_MAX or not text.isprintable():
            raise UsageError(
                f"{what} must have 1 to {TEXT_CHARACTERS_MAX} characters, on one line and without control characters"
            )

    return check


def _psp_word(option: str, what: str) -> Callable[[object, str | None], None]:
    """Refuses what no PSP would call anything."""

    def check(_: object, text: str | None) -> None:
        if text is None:
            return
        if holds_card_number(text):
            raise UsageError(f"{option} holds a card number: name {what}")
        if not (
            text.isascii()
            and text.isprintable()
            and " " not in text
            and 1 <= len(text) <= REFERENCE_CHARACTERS_MAX
        ):
            raise UsageError(
                f"{option} must have 1 to {REFERENCE_CHARACTERS_MAX} ASCII characters and no space"
            )

    return check


def _account_id(_: object, text: str | None) -> None:
    if text is not None and not (1 <= len(text) <= ACCOUNT_ID_CHARACTERS_MAX and text.isprintable()):
        raise UsageError(
            f"--account must have 1 to {ACCOUNT_ID_CHARACTERS_MAX} characters without control characters"
        )


def _within_reach(_: object, when: date | None) -> None:
    if when is not None and when.year not in _YEARS:
        raise ValueError(f"Must be in the years {_YEARS.start} to {_YEARS.stop - 1}.")


def _moment(_: object, tokens: Sequence[Token]) -> datetime:
    """A day alone is the end of that day; a moment without an offset is one of UTC."""
    typed = tokens[0].value.strip()
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        try:
            moment = datetime.fromisoformat(typed)
        except ValueError:
            raise UsageError(
                f"{typed[:60]!r} is no moment: write a day such as 2026-10-31, or 2026-10-31T12:00:00, by UTC"
            ) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.combine(day, time.max, UTC)


def id_by(parse: Callable[[str], str], listed_by: str) -> Callable[[object, object], None]:
    """Refuses what is no id of its kind, and says which command lists those there are."""

    def check(_: object, given: object) -> None:
        # cyclopts checks defaults, too, and gives what can be repeated as a tuple.
        for text in given if isinstance(given, tuple) else (given,):
            if text is not None:
                try:
                    parse(str(text))
                except InvalidId as error:
                    raise UsageError(f"{error}: {listed_by}") from None

    return check


def _one_word(what: str) -> Callable[[object, object], None]:
    """Refuses what no queue would call a job."""

    def check(_: object, given: object) -> None:
        for text in given if isinstance(given, tuple) else (given,):
            if isinstance(text, str) and not _WORD.fullmatch(text):
                raise UsageError(f"{what} has 1 to {REFERENCE_CHARACTERS_MAX} ASCII characters and no space")

    return check


_number: Final = validators.Number(gte=1, lte=NUMBER_MAX)

By = Annotated[str, Parameter(validator=_written("--by"), help="Your name; it is stored with this change.")]
Reason = Annotated[
    str, Parameter(validator=_written("--reason"), help="Why you do this; it is stored with this change.")
]
Name = Annotated[str, Parameter(validator=_written("the name"), help="A name for people to read.")]
Reference = Annotated[
    PspReference,
    Parameter(
        validator=_psp_word("--psp-reference", "the PSP's id of the payment"),
        help="The PSP's id, such as `pi_...` or `re_...`, where FinCore does not have it.",
    ),
]
Day = Annotated[date, Parameter(validator=_within_reach)]
Moment = Annotated[datetime, Parameter(converter=_moment, validator=_within_reach)]
Merchant = Annotated[
    MerchantId,
    Parameter(
        validator=id_by(parse_merchant_id, "`fincore merchant list` shows those of all merchants"),
        help="The merchant's id, `mer_...`, as `fincore merchant list` shows it.",
    ),
]
Key = Annotated[
    ApiKeyId,
    Parameter(
        validator=id_by(parse_api_key_id, "`fincore key list` shows those of a merchant"),
        help="The key's id, `key_...`, as `fincore key list` shows it; not the key itself.",
    ),
]


def _psp_account(_: object, text: str | None) -> None:
    if text is not None and not re.fullmatch(r"[a-z0-9_]+/[a-z0-9_]+", text):
        raise UsageError("--account must be an account at a PSP, such as stripe/test")


PspAccountName = Annotated[
    str,
    Parameter(
        validator=_psp_account,
        help="Only those of this account at a PSP, such as stripe/test, as `fincore psp accounts` lists it.",
    ),
]


def _currency(_: object, text: str | None) -> None:
    if text is not None and text not in EXPONENTS:
        raise UsageError(
            f"{text[:20]!r} is no currency of payments: write its code in small letters, such as usd"
        )


def _parked_id(text: str) -> str:
    stream_named(text)
    return text


Charge = Annotated[
    ChargeId,
    Parameter(
        validator=id_by(
            parse_charge_id, "it is the `id` in the API's answers, and in `fincore charges unknown`"
        ),
        help="The charge's id, `ch_...`, of any merchant and mode.",
    ),
]
Session = Annotated[
    CheckoutSessionId,
    Parameter(
        validator=id_by(
            parse_checkout_session_id,
            "it is the `id` in the API's answers, and `fincore sessions list` lists those of a merchant",
        ),
        help="The checkout session's id, `cos_...`, of any merchant and mode.",
    ),
]
Payout = Annotated[
    PayoutId,
    Parameter(
        validator=id_by(
            parse_payout_id, "`fincore payouts list --psp-reference` finds it by the PSP's id of the payout"
        ),
        help="The payout's id at FinCore, `po_...`, as `fincore payouts list` shows it.",
    ),
]
PayoutReference = Annotated[
    PspReference,
    Parameter(
        validator=_psp_word("--psp-reference", "the PSP's id of the payout"),
        help="Only the payout that the PSP calls so, such as `po_...` at Stripe.",
    ),
]
ParkedId = Annotated[
    StreamName,
    Parameter(validator=id_by(_parked_id, "`fincore parked list` lists those that are parked")),
]
Refund = Annotated[
    RefundId,
    Parameter(
        validator=id_by(parse_refund_id, "`fincore charges show` prints the refunds of a charge"),
        help="The refund's id, `re_...`, where the operation is a refund of the charge.",
    ),
]
PspEvent = Annotated[
    str,
    Parameter(
        validator=_psp_word("--event", "the PSP's id of the event"),
        help="The event's id at the PSP, such as `evt_...`.",
    ),
]
ReportKind = Annotated[
    str,
    Parameter(
        validator=_psp_word("--kind", "the PSP's word for the kind of event"),
        help="The kind of event in the PSP's words, such as `charge.dispute.updated`.",
    ),
]
Job = Annotated[
    JobId, Parameter(validator=_one_word("a job's id"), help="Its id, as `fincore jobs dead` lists it.")
]
EntryNumber = Annotated[
    int, Parameter(validator=_number, help="Its number, as `fincore ledger suspense` lists it.")
]
AccountName = Annotated[str, Parameter(help="Its name, as `fincore ledger accounts` lists it.")]
Limit = Annotated[
    int,
    Parameter(
        validator=validators.Number(gte=1, lte=ROWS_MAX), help=f"The most rows to print, up to {ROWS_MAX:,}."
    ),
]
SettlementFile = Annotated[
    SettlementFileId,
    Parameter(
        validator=id_by(parse_settlement_file_id, "`fincore reconcile files` lists those there are"),
        help="The file's id, `sf_...`, as `fincore reconcile files` lists it.",
    ),
]
AccountId = Annotated[
    str,
    Parameter(
        validator=_account_id,
        help="The account's id that the file may state, such as a PayPal merchant id.",
    ),
]
BreakNumber = Annotated[
    int, Parameter(validator=_number, help="Its number, as `fincore reconcile breaks` lists it.")
]
Owner = Annotated[str, Parameter(validator=_written("the name of the owner"))]
Noted = Annotated[str, Parameter(validator=_written("--text"))]
ClaimReference = Annotated[
    str,
    Parameter(
        validator=_psp_word("--reference", "the case at the PSP or the bank"),
        help="What the PSP or the bank calls the claim, such as the number of a case.",
    ),
]
Days = Annotated[int, Parameter(validator=validators.Number(gte=0, lte=DAYS_MAX))]
Adjustment = Annotated[
    AdjustmentId,
    Parameter(
        validator=id_by(parse_adjustment_id, "`fincore reconcile adjustments` lists those there are"),
        help="The adjustment's id, `adj_...`, as `fincore reconcile adjustments` lists it.",
    ),
]
SignedMinor = Annotated[
    int,
    Parameter(
        validator=validators.Number(gte=-SUM_MINOR_MAX, lte=SUM_MINOR_MAX),
        help="The amount as you saw it, in minor units and with its sign: another one is refused.",
    ),
]
CurrencyCode = Annotated[
    Currency, Parameter(validator=_currency, help="The currency of the account, such as usd.")
]
Origin = Annotated[str, Parameter(help="Scheme, host and port of its pages, such as https://shop.example.")]
Live = Annotated[bool, Parameter(negative="", help="Live money instead of test money.")]
