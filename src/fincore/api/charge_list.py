"""Which charges a list asks for. Pure."""

from typing import Final, get_args

from fincore.api.list_query import ListQuery, chosen, read_list_query
from fincore.api.problems import Problem
from fincore.domain.events import ChargeStatus
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.read.paymentdb.queries import ChargeFilters
from fincore.write.merchants.api_key import Principal
from fincore.write.payments.metadata import METADATA_PAIRS_MAX

_STATUSES: Final[tuple[ChargeStatus, ...]] = get_args(ChargeStatus)


def read_charge_list(query: bytes, principal: Principal) -> tuple[ListQuery[ChargeId], ChargeFilters]:
    """The page a query asks for, and which charges. Raises what `read_list_query` raises."""
    asked = read_list_query(
        query,
        principal,
        parse_charge_id,
        filters=("status", "customer_email"),
        keyed_filters=("metadata",),
    )
    metadata = {
        name.removeprefix("metadata[").removesuffix("]"): value
        for name, value in asked.filters.items()
        if name.startswith("metadata[")
    }
    if len(metadata) > METADATA_PAIRS_MAX:
        raise Problem("parameter_invalid", f"Filter by {METADATA_PAIRS_MAX} keys of metadata at most.")
    return asked, ChargeFilters(
        merchant_id=principal.merchant_id,
        livemode=principal.livemode,
        status=chosen(asked, "status", _STATUSES),
        customer_email=asked.filters.get("customer_email"),
        created_from=asked.created_from,
        created_before=asked.created_before,
        metadata=metadata,
    )
