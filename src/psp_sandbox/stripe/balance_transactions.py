"""Balance transactions and the balance: what every charge, refund, dispute and payout did to the account's money."""

from collections import Counter
from collections.abc import Iterable

from psp_sandbox.messages import Response
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.errors import no_such
from psp_sandbox.stripe.expansion import check_expand, data_paths, expanded
from psp_sandbox.stripe.lists import ListParameters, page
from psp_sandbox.stripe.movements import Movement, shown
from psp_sandbox.stripe.parameters import Expandable, read
from psp_sandbox.stripe.wire_balance import Balance, BalanceAmount, SourceTypes


class ListTransactions(ListParameters, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/balance_transactions. `source` is the id of a charge, a refund, a dispute or a payout.

    `payout`: what an automatic payout contains, itself among it.
    """

    currency: str | None = None
    payout: str | None = None
    source: str | None = None
    type: str | None = None


def retrieve(call: Call) -> Response:
    """GET /v1/balance_transactions/{id}."""
    given = read(call.request, Expandable)
    check_expand("balance_transaction", given.expand)
    movement = call.store.movements.get(call.account, call.named)
    if movement is None:
        raise no_such("balance_transaction", call.named, param="id")
    transaction = shown(movement, now=call.store.now())
    return Response(payload=expanded(call.store, call.account, transaction, given.expand))


def list_transactions(call: Call) -> Response:
    """GET /v1/balance_transactions, all or those of one source, payout, type or currency."""
    given = read(call.request, ListTransactions)
    paths = data_paths("balance_transaction", given.expand)
    store, now = call.store, call.store.now()
    movements: Iterable[Movement]
    if given.source is None:
        movements = store.movements.newest_first(call.account)
    else:
        movements = store.movements_of(call.account, given.source)
    if given.payout is not None:
        if store.payouts.get(call.account, given.payout) is None:
            raise no_such("payout", given.payout[:100], param="payout")
        movements = (movement for movement in movements if movement.payout == given.payout)
    if given.type is not None:
        movements = (movement for movement in movements if movement.type == given.type)
    if given.currency is not None:
        movements = (movement for movement in movements if movement.currency == given.currency)
    found = page(
        movements,
        given,
        url="/v1/balance_transactions",
        show=lambda movement: expanded(store, call.account, shown(movement, now=now), paths),
    )
    return Response(payload=found)


def balance(call: Call) -> Response:
    """GET /v1/balance: the sum of every movement that no payout contains."""
    read(call.request, Expandable)
    now = call.store.now()
    available: Counter[str] = Counter()
    pending: Counter[str] = Counter()
    for movement in call.store.movements.newest_first(call.account):
        if movement.payout is not None:
            continue
        total = available if movement.available_on <= now else pending
        total[movement.currency] += movement.amount - movement.fee
    currencies = sorted(available.keys() | pending.keys())
    return Response(
        payload=Balance(
            available=_amounts(available, currencies),
            livemode=call.caller.livemode,
            pending=_amounts(pending, currencies),
        )
    )


def _amounts(totals: Counter[str], currencies: list[str]) -> tuple[BalanceAmount, ...]:
    return tuple(
        BalanceAmount(
            amount=totals[currency], currency=currency, source_types=SourceTypes(card=totals[currency])
        )
        for currency in currencies
    )
