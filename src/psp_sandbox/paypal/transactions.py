"""Transaction search: what moved the balance within 31 days, some hours late."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice, takewhile
from math import ceil
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from psp_sandbox.messages import Response
from psp_sandbox.paypal.call import Call
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.requests import read_query
from psp_sandbox.paypal.transaction_rows import (
    Row,
    Status,
    of_authorization,
    of_capture,
    of_refund,
    row_body,
)
from psp_sandbox.paypal.wire import MERCHANT_ID, RECEIVABLE, Body, path_links, time_text

LAG_SECONDS = 3 * 3_600
"""How long after it a transaction is found: PayPal says up to three hours, the sandbox always takes all of them."""
WINDOW_SECONDS = 31 * 24 * 3_600
MAX_ROWS = 10_000
"""A search that finds more is refused."""
PATH = "/v1/reporting/transactions"
FIELDS = frozenset(
    {
        "transaction_info",
        "payer_info",
        "shipping_info",
        "auction_info",
        "cart_info",
        "incentive_info",
        "store_info",
    }
)
_AMOUNTS = re.compile(r"\[?(\d{1,15}) TO (\d{1,15})\]?")

Moment = Annotated[datetime, Meta(tz=True)]


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """GET /v1/reporting/transactions."""

    start_date: Moment
    end_date: Moment
    transaction_id: Annotated[str, Meta(min_length=17, max_length=19)] | None = None
    transaction_type: str | None = None
    transaction_status: Status | None = None
    transaction_amount: str | None = None
    transaction_currency: str | None = None
    payment_instrument_type: Literal["CREDITCARD", "DEBITCARD"] | None = None
    store_id: str | None = None
    terminal_id: str | None = None
    fields: str = "transaction_info"
    balance_affecting_records_only: Literal["Y", "N"] = "Y"
    page_size: Annotated[int, Meta(ge=1, le=500)] = 100
    page: Annotated[int, Meta(ge=1, le=2_147_483_647)] = 1


def search(call: Call) -> Response:
    """GET /v1/reporting/transactions, newest first. Raises Refusal: more than 31 days, or more than 10,000 transactions."""
    given = read_query(call.request, Search)
    start, end = given.start_date.timestamp(), given.end_date.timestamp()
    if not 0 <= end - start <= WINDOW_SECONDS:
        raise Refusal("INVALID_PARAMETER_VALUE", field="end_date", value=given.end_date.isoformat())
    fields = FIELDS if given.fields == "all" else frozenset(given.fields.split(","))
    if not fields <= FIELDS:
        raise Refusal("INVALID_PARAMETER_VALUE", field="fields", value=given.fields)
    refreshed_at = call.store.now() - LAG_SECONDS
    amounts = _amounts(given)
    wanted = (
        row
        for row in _rows(call, start, moved_only=given.balance_affecting_records_only == "Y")
        if start <= row.at <= min(end, refreshed_at) and _is_wanted(row, given, amounts)
    )
    found = list(islice(wanted, MAX_ROWS + 1))
    if len(found) > MAX_ROWS:
        raise Refusal("RESULTSET_TOO_LARGE")
    found.sort(key=lambda row: -row.at)
    first = (given.page - 1) * given.page_size
    pages = ceil(len(found) / given.page_size)
    links = [(f"{PATH}?page={given.page}", "self", "GET")]
    if given.page < pages:
        links.append((f"{PATH}?page={given.page + 1}", "next", "GET"))
    shown = [row_body(row, fields) for row in found[first : first + given.page_size]]
    body: Body = {
        "account_number": MERCHANT_ID,
        "start_date": time_text(int(start)),
        "end_date": time_text(int(max(start, min(end, refreshed_at)))),
        "last_refreshed_datetime": time_text(refreshed_at),
        "page": given.page,
        "total_items": len(found),
        "total_pages": pages,
        "links": path_links(call.store.public_url, *links),
    }
    # PayPal's file allows no empty list.
    return Response(payload={"transaction_details": shown, **body} if shown else body)


def _rows(call: Call, start: float, *, moved_only: bool) -> Iterator[Row]:
    """The account's rows, those of one kind newest first, so that each walk can end at the window's start.

    A payment may reach the balance days after it was begun, never before.
    """
    store, account = call.store, call.account
    yield from takewhile(lambda row: row.updated_at >= start, store.balances.newest_first(account))
    if moved_only:
        return
    holds = (
        of_authorization(one, store.orders.get(account, one.order_id))
        for one in store.authorizations.newest_first(account)
    )
    yield from takewhile(lambda row: row.at >= start, holds)
    payments = (
        of_capture(one, store.orders.get(account, one.order_id))
        for one in store.captures.newest_first(account)
        if one.status not in RECEIVABLE
    )
    yield from takewhile(lambda row: row.at >= start, payments)
    refunds = (
        of_refund(one, store.orders.get(account, one.order_id))
        for one in store.refunds.newest_first(account)
        if store.balances.get(account, one.id) is None
    )
    yield from takewhile(lambda row: row.at >= start, refunds)


def _amounts(given: Search) -> range | None:
    """The gross amounts that are wanted, in minor units without a sign. Raises Refusal: not a range."""
    if given.transaction_amount is None:
        return None
    found = _AMOUNTS.fullmatch(given.transaction_amount)
    if found is None:
        raise Refusal("INVALID_PARAMETER_VALUE", field="transaction_amount", value=given.transaction_amount)
    return range(int(found[1]), int(found[2]) + 1)


def _is_wanted(row: Row, given: Search, amounts: range | None) -> bool:
    return (
        (row.affects_balance or given.balance_affecting_records_only == "N")
        and given.transaction_id in (None, row.id)
        and given.transaction_type in (None, row.code)
        and given.transaction_status in (None, row.status)
        and given.transaction_currency in (None, row.currency)
        and (amounts is None or abs(row.minor) in amounts)
        and (
            given.payment_instrument_type is None
            or (row.by_card and given.payment_instrument_type == "CREDITCARD")
        )
        and given.store_id is None
        and given.terminal_id is None
    )
