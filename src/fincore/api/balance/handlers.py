"""/v1/balance and /v1/balance_transactions: what a merchant is owed, and how it came about. From the ledger."""

import re
from datetime import timedelta
from typing import Final, get_args

from fincore.api.balance.body import (
    BalanceBody,
    BalanceTransactionBody,
    PayableBody,
    balance_transaction_body,
)
from fincore.api.balance.openapi import (
    CURRENCY_PATTERN,
    GET_BALANCE,
    GET_BALANCE_TRANSACTION,
    LIST_BALANCE_TRANSACTIONS,
)
from fincore.domain.currency import Currency
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import EventId, parse_balance_transaction_id
from fincore.eventstore.log import EventLog
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_filters import chosen, chosen_charge
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.read.event_references import ONLY_THE_CHARGE, EventReferences
from fincore.read.ledgerdb.balance_queries import BalanceFilters, BalanceQueries
from fincore.read.ledgerdb.balance_transaction import BalanceTransactionType
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys

_TYPES: Final[tuple[BalanceTransactionType, ...]] = get_args(BalanceTransactionType)
_CURRENCY: Final = re.compile(CURRENCY_PATTERN.removesuffix("$"), re.ASCII)


class Balance:
    """The handlers of /v1/balance and /v1/balance_transactions."""

    def __init__(
        self,
        *,
        keys: ApiKeys,
        queries: BalanceQueries,
        references: EventReferences,
        log: EventLog[ChargeEvent],
    ) -> None:
        self._keys = keys
        self._queries = queries
        self._references = references
        self._log = log

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="GET", path="/v1/balance", operation=GET_BALANCE, handler=self.payable),
            Route(
                method="GET",
                path="/v1/balance_transactions",
                operation=LIST_BALANCE_TRANSACTIONS.operation,
                handler=self.list_page,
            ),
            Route(
                method="GET",
                path="/v1/balance_transactions/{balance_transaction_id}",
                operation=GET_BALANCE_TRANSACTION,
                handler=self.get,
            ),
        )

    async def payable(self, call: Call) -> Response:
        """What the merchant is owed, and up to when that is known."""
        principal = await secret_principal(call, self._keys)
        payable = await self._queries.payable(principal.merchant_id, livemode=principal.livemode)
        # The log is queried after the ledger: an event that it got meanwhile makes the balance seem older, never younger.
        behind = timedelta(seconds=await self._log.lag_seconds(payable.tx, payable.pos))
        body = BalanceBody(
            livemode=principal.livemode,
            payable=[
                PayableBody(currency=currency, amount_minor=amount_minor)
                for currency, amount_minor in payable.amounts_minor.items()
            ],
            as_of=payable.read_at - behind,
        )
        return json_response(200, body)

    async def get(self, call: Call) -> Response:
        """A movement on one of the merchant's accounts."""
        principal = await secret_principal(call, self._keys)
        event_id = call.path_id(
            "balance_transaction_id", parse_balance_transaction_id, "balance_transaction_not_found"
        )
        found = await self._queries.find(principal.merchant_id, event_id, livemode=principal.livemode)
        if found is None:
            raise Problem("balance_transaction_not_found", param="balance_transaction_id")
        references = await self._references.of([event_id])
        reference = references.get(event_id, ONLY_THE_CHARGE)
        return json_response(200, balance_transaction_body(found, reference, livemode=principal.livemode))

    async def list_page(self, call: Call) -> Response:
        """A page of movements, the last booked first."""
        return await LIST_BALANCE_TRANSACTIONS.respond(call, self._keys, self._page)

    async def _page(
        self, principal: Principal, query: ListQuery[EventId]
    ) -> tuple[list[BalanceTransactionBody], bool]:
        filters = BalanceFilters(
            merchant_id=principal.merchant_id,
            livemode=principal.livemode,
            type=chosen(query, "type", _TYPES),
            currency=_chosen_currency(query),
            charge_id=chosen_charge(query),
            booked_from=query.created_from,
            booked_before=query.created_before,
        )
        page = await self._queries.list_transactions(filters, after_id=query.after_id, limit=query.limit)
        references = await self._references.of(found.event_id for found in page.transactions)
        bodies = [
            balance_transaction_body(
                found, references.get(found.event_id, ONLY_THE_CHARGE), livemode=principal.livemode
            )
            for found in page.transactions
        ]
        return bodies, page.has_more


def _chosen_currency(query: ListQuery[EventId]) -> Currency | None:
    value = query.filters.get("currency")
    if value is None:
        return None
    if not _CURRENCY.fullmatch(value):
        raise Problem(
            "parameter_invalid", "currency must be three small letters, such as usd.", param="currency"
        )
    return Currency(value)
