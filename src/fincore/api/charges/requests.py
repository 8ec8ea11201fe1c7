"""Which charges a list asks for. Pure."""

from collections.abc import Mapping
from typing import Final, get_args

from fincore.domain.currency import Currency
from fincore.domain.events import ChargeStatus
from fincore.domain.ids import ChargeId
from fincore.domain.risk_review import ReviewStatus
from fincore.http.list_filters import chosen, chosen_several, whole_number
from fincore.http.list_query import BOUNDS, ListQuery
from fincore.http.problems import Problem
from fincore.read.paymentdb.queries import ChargeFilters
from fincore.write.merchants.api_key import Principal
from fincore.write.payments.metadata import METADATA_PAIRS_MAX

_STATUSES: Final[tuple[ChargeStatus, ...]] = get_args(ChargeStatus)
_REVIEWS: Final[tuple[ReviewStatus, ...]] = get_args(ReviewStatus)
_FLAGS: Final[Mapping[str, bool]] = {"true": True, "false": False}
_CURRENCY_CHARACTERS: Final = 3
_LAST_DIGITS: Final = 4


def charge_filters(query: ListQuery[ChargeId], principal: Principal) -> ChargeFilters:
    """The charges that a query asks for. Raises `parameter_invalid` and `parameter_unknown`."""
    metadata = {
        name.removeprefix("metadata[").removesuffix("]"): value
        for name, value in query.filters.items()
        if name.startswith("metadata[")
    }
    if len(metadata) > METADATA_PAIRS_MAX:
        raise Problem("parameter_invalid", f"Filter by {METADATA_PAIRS_MAX} keys of metadata at most.")
    amount_from_minor, amount_to_minor = _amounts(query.filters)
    return ChargeFilters(
        merchant_id=principal.merchant_id,
        livemode=principal.livemode,
        statuses=chosen_several(query, "status", _STATUSES),
        customer_email=query.filters.get("customer_email"),
        disputed=_flag(query.filters, "disputed"),
        currency=_currency(query.filters),
        amount_from_minor=amount_from_minor,
        amount_to_minor=amount_to_minor,
        psp_reference=query.filters.get("psp_reference"),
        last4=_last4(query.filters),
        brand=query.filters.get("brand"),
        review=chosen(query, "review", _REVIEWS),
        created_from=query.created_from,
        created_before=query.created_before,
        metadata=metadata,
    )


def _flag(filters: Mapping[str, str], name: str) -> bool | None:
    value = filters.get(name)
    if value is None:
        return None
    if value not in _FLAGS:
        raise Problem("parameter_invalid", f"{name} must be true or false.", param=name)
    return _FLAGS[value]


def _currency(filters: Mapping[str, str]) -> Currency | None:
    value = filters.get("currency")
    if value is None:
        return None
    if not (value.isascii() and value.isalpha() and len(value) == _CURRENCY_CHARACTERS):
        raise Problem("parameter_invalid", "currency must be three letters, such as eur.", param="currency")
    return Currency(value.lower())


def _last4(filters: Mapping[str, str]) -> str | None:
    value = filters.get("last4")
    if value is None:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) == _LAST_DIGITS):
        raise Problem("parameter_invalid", "last4 must be four digits, such as 4242.", param="last4")
    return value


def _amounts(filters: Mapping[str, str]) -> tuple[int | None, int | None]:
    """The least and the most that an amount may be; of several bounds the narrowest range counts."""
    least: list[int] = []
    most: list[int] = []
    for name, value in filters.items():
        if not name.startswith("amount_minor"):
            continue
        amount_minor = whole_number(name, value)
        match name.removeprefix("amount_minor"):
            case "":
                least.append(amount_minor)
                most.append(amount_minor)
            case "[gte]":
                least.append(amount_minor)
            case "[gt]":
                least.append(amount_minor + 1)
            case "[lte]":
                most.append(amount_minor)
            case "[lt]":
                most.append(amount_minor - 1)
            case _:
                known = ", ".join(f"amount_minor[{bound}]" for bound in BOUNDS)
                raise Problem("parameter_unknown", f"Send amount_minor, or any of {known}.", param=name)
    return max(least, default=None), min(most, default=None)
