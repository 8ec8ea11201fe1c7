"""Which charges a list asks for. Pure."""

from collections.abc import Mapping
from typing import Final, get_args

from fincore.api.http.list_query import BOUNDS, ListQuery, chosen_several, read_list_query, whole_number
from fincore.api.http.problems import Problem
from fincore.domain.currency import Currency
from fincore.domain.events import ChargeStatus
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.read.paymentdb.queries import ChargeFilters
from fincore.write.merchants.api_key import Principal
from fincore.write.payments.metadata import METADATA_PAIRS_MAX

_STATUSES: Final[tuple[ChargeStatus, ...]] = get_args(ChargeStatus)
_FLAGS: Final[Mapping[str, bool]] = {"true": True, "false": False}
_CURRENCY_CHARACTERS: Final = 3


def read_charge_list(query: bytes, principal: Principal) -> tuple[ListQuery[ChargeId], ChargeFilters]:
    """The page a query asks for, and which charges. Raises what `read_list_query` raises."""
    asked = read_list_query(
        query,
        principal,
        parse_charge_id,
        filters=("status", "customer_email", "disputed", "currency", "amount_minor", "psp_reference"),
        keyed_filters=("amount_minor", "metadata"),
    )
    metadata = {
        name.removeprefix("metadata[").removesuffix("]"): value
        for name, value in asked.filters.items()
        if name.startswith("metadata[")
    }
    if len(metadata) > METADATA_PAIRS_MAX:
        raise Problem("parameter_invalid", f"Filter by {METADATA_PAIRS_MAX} keys of metadata at most.")
    amount_from_minor, amount_to_minor = _amounts(asked.filters)
    return asked, ChargeFilters(
        merchant_id=principal.merchant_id,
        livemode=principal.livemode,
        statuses=chosen_several(asked, "status", _STATUSES),
        customer_email=asked.filters.get("customer_email"),
        disputed=_flag(asked.filters, "disputed"),
        currency=_currency(asked.filters),
        amount_from_minor=amount_from_minor,
        amount_to_minor=amount_to_minor,
        psp_reference=asked.filters.get("psp_reference"),
        created_from=asked.created_from,
        created_before=asked.created_before,
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
