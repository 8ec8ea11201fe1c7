"""Which breaks a query asks for. Pure."""

from typing import TypeVar

from fincore.domain.ids import stream_of
from fincore.http.list_filters import chosen, chosen_charge
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.reconciliation.breaks.listing import BreakFilters
from fincore.staff.breaks.openapi import CLASSES, STATUSES
from fincore.staff.breaks.requests import OWNER_CHARACTERS_MAX
from fincore.staff.ledger_parameters import currency_filter
from fincore.staff.list_filters import account_filter, days_filter, flag_filter

Id = TypeVar("Id")


def break_filters(query: ListQuery[Id], *, livemode: bool) -> BreakFilters:
    """The filters of a query. Raises `parameter_invalid`."""
    owner = query.filters.get("owner")
    if owner is not None and not 1 <= len(owner) <= OWNER_CHARACTERS_MAX:
        raise Problem(
            "parameter_invalid", f"owner must have 1 to {OWNER_CHARACTERS_MAX} characters.", param="owner"
        )
    if flag_filter(query, "unowned"):
        if owner is not None:
            raise Problem("parameter_invalid", "Send one of owner and unowned.", param="owner")
        owner = ""
    charge = chosen_charge(query)
    psp, psp_account = account_filter(query)
    return BreakFilters(
        livemode=livemode,
        break_class=chosen(query, "class", CLASSES),
        status=chosen(query, "status", STATUSES),
        owner=owner,
        psp=psp,
        psp_account=psp_account,
        currency=currency_filter(query),
        stream_id=None if charge is None else stream_of(charge),
        days_min=days_filter(query, "min_days") or 0,
        days_max=days_filter(query, "max_days"),
        with_closed=flag_filter(query, "closed"),
    )
