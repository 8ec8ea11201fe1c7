"""Which charges a list asks for: the query, its filters and its cursor. Pure."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, get_args
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from fincore.api.problems import Problem
from fincore.domain.card_number import holds_card_number
from fincore.domain.events import ChargeStatus
from fincore.domain.ids import ChargeId, StreamId, charge_of, stream_of
from fincore.read.paymentdb.queries import PAGE_ROWS_MAX, ChargeFilters
from fincore.write.merchants.api_key import Principal
from fincore.write.payments.charge_request import METADATA_PAIRS_MAX

LIMIT_DEFAULT: Final = 10
QUERY_BYTES_MAX: Final = 8_192
_PARAMETERS_MAX: Final = 100
_CHECK_BYTES: Final = 4
_MOMENT: Final = timedelta(microseconds=1)  # what PostgreSQL tells apart
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9998, 12, 31, tzinfo=UTC)
_STATUSES: Final = get_args(ChargeStatus)


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list: which charges, how many, after which one."""

    filters: ChargeFilters
    limit: int
    after_id: ChargeId | None


def read_list_query(query: bytes, principal: Principal) -> ListQuery:
    """What a query asks for. Raises `parameter_unknown`, `parameter_invalid` and `cursor_invalid`."""
    limit = LIMIT_DEFAULT
    after_id: ChargeId | None = None
    filters = ChargeFilters(merchant_id=principal.merchant_id, livemode=principal.livemode)
    for name, value in _parameters(query):
        if name == "limit":
            limit = _limit(value)
        elif name == "cursor":
            after_id = read_cursor(value, principal)
        else:
            filters = _filtered(filters, name, value)
    return ListQuery(filters=filters, limit=limit, after_id=after_id)


def cursor_after(charge_id: ChargeId, principal: Principal) -> str:
    """The cursor to what comes after a charge in its merchant's list. It holds all there is to know: nothing is kept."""
    place = stream_of(charge_id).bytes
    return urlsafe_b64encode(place + _check(place, principal)).rstrip(b"=").decode()


def read_cursor(cursor: str, principal: Principal) -> ChargeId:
    """The charge a cursor stands after. Raises `cursor_invalid` for one that we did not make for this merchant and mode.

    The check finds cursors that were cut, retyped or mixed up. It is no secret: every list is limited to the
    merchant's own charges, whatever the cursor says.
    """
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
        charge_id = charge_of(StreamId(UUID(bytes=place)))
    except (Base64Error, ValueError):
        raise Problem("cursor_invalid", param="cursor") from None
    if check != _check(place, principal) or cursor_after(charge_id, principal) != cursor:
        raise Problem("cursor_invalid", param="cursor")
    return charge_id


def _check(place: bytes, principal: Principal) -> bytes:
    mode = b"live" if principal.livemode else b"test"
    return sha256(b"\n".join((principal.merchant_id.encode(), mode, place))).digest()[:_CHECK_BYTES]


def _parameters(query: bytes) -> Iterator[tuple[str, str]]:
    """The names and values of a query, each name once."""
    if len(query) > QUERY_BYTES_MAX:
        raise Problem("parameter_invalid", f"The query may have {QUERY_BYTES_MAX} bytes at most.")
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_PARAMETERS_MAX
        )
    except ValueError:  # UnicodeDecodeError is one, too
        raise Problem(
            "parameter_invalid", f"Send at most {_PARAMETERS_MAX} parameters, percent-encoded as UTF-8."
        ) from None
    seen: set[str] = set()
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise Problem("parameter_invalid", "Remove the NUL character (%00) from the query.")
        if name in seen:
            raise Problem("parameter_invalid", "Send each parameter once.", param=_shown(name))
        seen.add(name)
        yield name, value


def _filtered(filters: ChargeFilters, name: str, value: str) -> ChargeFilters:
    match name.removesuffix("]").split("[", 1):
        case ["status"] if name == "status":
            return msgspec.structs.replace(filters, status=_status(value))
        case ["customer_email"] if name == "customer_email":
            return msgspec.structs.replace(filters, customer_email=value)
        case ["created", "gte" | "gt" | "lte" | "lt" as bound] if name.endswith("]"):
            return _created(filters, bound, _time(name, value))
        case ["metadata", key] if name.endswith("]") and key:
            if len(filters.metadata) == METADATA_PAIRS_MAX:
                raise Problem(
                    "parameter_invalid", f"Filter by {METADATA_PAIRS_MAX} keys of metadata at most."
                )
            return msgspec.structs.replace(filters, metadata={**filters.metadata, key: value})
        case _:
            raise Problem("parameter_unknown", param=_shown(name))


def _created(filters: ChargeFilters, bound: str, moment: datetime) -> ChargeFilters:
    """A bound of `created`, as the narrowest interval [from, before) of all bounds given."""
    if bound in ("gt", "lte"):
        moment += _MOMENT
    if bound in ("gte", "gt"):
        latest = max(moment, filters.created_from or moment)
        return msgspec.structs.replace(filters, created_from=latest)
    earliest = min(moment, filters.created_before or moment)
    return msgspec.structs.replace(filters, created_before=earliest)


def _limit(value: str) -> int:
    if value.isascii() and value.isdecimal() and len(value) <= len(str(PAGE_ROWS_MAX)):
        limit = int(value)
        if 1 <= limit <= PAGE_ROWS_MAX:
            return limit
    raise Problem(
        "parameter_invalid", f"limit must be a whole number from 1 to {PAGE_ROWS_MAX}.", param="limit"
    )


def _status(value: str) -> ChargeStatus:
    if value in _STATUSES:
        return value  # type: ignore[return-value]  # it is one of them
    raise Problem("parameter_invalid", f"status must be one of {', '.join(_STATUSES)}.", param="status")


def _time(name: str, value: str) -> datetime:
    try:
        moment = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Problem(
            "parameter_invalid",
            f"{name} must be an RFC 3339 time with its offset, such as 2026-01-31T12:00:00Z (a + is sent as %2B).",
            param=name,
        )
    # No charge is older or younger; what is beyond may be more than a timestamp holds in UTC.
    return min(max(moment, _EARLIEST), _LATEST)


def _shown(name: str) -> str | None:
    """A parameter's name, unless it is too long to be one that somebody mistyped, or a card number."""
    return None if len(name) > 100 or holds_card_number(name) else name  # noqa: PLR2004 -- the sentence above
