"""Where a person sees payments, as the query side asks for it, and places in its lists as cursors."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from msgspec import Meta

from fincore.domain.errors import InvalidId
from fincore.domain.ids import MerchantId, parse_merchant_id
from fincore.http.cursor import cursor_after, read_cursor
from fincore.http.problems import Problem, ProblemCode
from fincore.read.paymentdb.staff_lists import SCOPE_MERCHANTS_MAX, Place
from fincore.read.paymentdb.staff_lists import Scope as QueryScope
from fincore.staff.access.admission import Visit
from fincore.staff.access.person import Mode, Scope
from fincore.staff.lists import ListName

NO_NUL: Final = r"^[^\u0000]*$"
BODY_PROBLEMS: Final[tuple[ProblemCode, ...]] = (
    "json_invalid",
    "body_too_slow",
    "body_too_large",
    "media_type_unsupported",
    "field_repeated",
    "field_unknown",
    "field_invalid",
    "field_missing",
    "text_not_storable",
    "parameter_invalid",
)
"""What a read by POST may answer beside its own problems."""
ModeField = Annotated[Mode, Meta(description="Whether to look in live mode or in test mode.")]
MerchantField = Annotated[
    Annotated[str, Meta(max_length=64)] | None,
    Meta(description="Only what belongs to this merchant; null: to any that you see."),
]
CursorField = Annotated[
    Annotated[str, Meta(pattern=r"^[A-Za-z0-9_\-]{6,400}$")] | None,
    Meta(description="`next_cursor` of the page before."),
]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DIGITS_MAX: Final = 18


def query_scope(scope: Scope) -> QueryScope:
    """A scope as the query side takes it. Raises `parameter_invalid` where it names too many merchants."""
    if scope.merchant_ids is not None and len(scope.merchant_ids) > SCOPE_MERCHANTS_MAX:
        raise Problem(
            "parameter_invalid",
            f"You see more than {SCOPE_MERCHANTS_MAX} merchants one by one: name one of them.",
            param="merchant",
        )
    return QueryScope(livemode=scope.livemode, merchants=scope.merchant_ids)


def scope_of(visit: Visit, mode: Mode, merchant: str | None) -> QueryScope:
    """Where a body asks to look. Raises `permission_missing`, `field_invalid` and `parameter_invalid`."""
    merchant_id: MerchantId | None = None
    if merchant is not None:
        try:
            merchant_id = parse_merchant_id(merchant)
        except InvalidId:
            raise Problem(
                "field_invalid", "merchant must be the id of a merchant, mer_...", param="merchant"
            ) from None
    return query_scope(visit.scope(mode, merchant_id))


def cursor_to(place: Place | None, plural: str, *, livemode: bool) -> str | None:
    """The cursor to what comes after a place in a list; None where nothing does."""
    if place is None:
        return None
    microseconds = (place.at - _EPOCH) // _MICROSECOND
    return cursor_after(f"{microseconds}:{place.row_id}", ListName(f"staff:{plural}", livemode))


def place_of(cursor: str | None, plural: str, *, livemode: bool) -> Place | None:
    """The place of a cursor. Raises `cursor_invalid` for one of another list or mode.

    It holds the place itself, and names nothing that would have to be looked up.
    """
    return None if cursor is None else read_cursor(cursor, ListName(f"staff:{plural}", livemode), parse_place)


def parse_place(text: str) -> Place:
    """The place that a cursor spells; raise `InvalidId` for what is none."""
    microseconds, _, row_id = text.partition(":")
    if not (microseconds.isdecimal() and len(microseconds) <= _DIGITS_MAX and row_id):
        raise InvalidId(text, "place")
    try:
        return Place(_EPOCH + int(microseconds) * _MICROSECOND, row_id)
    except OverflowError:
        raise InvalidId(text, "place") from None
