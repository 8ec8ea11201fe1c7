"""Payouts: retrieve and list. They are made by the settlement of a day, never by a call of the merchant."""

from psp_sandbox.messages import Response
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.errors import no_such
from psp_sandbox.stripe.expansion import check_expand, data_paths, expanded
from psp_sandbox.stripe.lists import CreatedRange, ListParameters, matches_times, page
from psp_sandbox.stripe.parameters import Expandable, read


class ListPayouts(ListParameters, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/payouts."""

    arrival_date: CreatedRange | str | None = None
    destination: str | None = None
    status: str | None = None


def retrieve(call: Call) -> Response:
    """GET /v1/payouts/{id}."""
    given = read(call.request, Expandable)
    check_expand("payout", given.expand)
    stored = call.store.payouts.get(call.account, call.named)
    if stored is None:
        raise no_such("payout", call.named, param="payout")
    return Response(payload=expanded(call.store, call.account, stored.payout, given.expand))


def list_payouts(call: Call) -> Response:
    """GET /v1/payouts, all or those of one status, bank account or time of arrival."""
    given = read(call.request, ListPayouts)
    paths = data_paths("payout", given.expand)
    store, account = call.store, call.account
    arrives = matches_times(given.arrival_date, name="arrival_date")
    payouts = (stored.payout for stored in store.payouts.newest_first(account))
    found = (
        payout
        for payout in payouts
        if arrives(payout.arrival_date)
        and given.status in (None, payout.status)
        and given.destination in (None, payout.destination)
    )
    return Response(
        payload=page(
            found, given, url="/v1/payouts", show=lambda payout: expanded(store, account, payout, paths)
        )
    )
