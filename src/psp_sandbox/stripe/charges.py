"""Charges: the attempts of payment intents, to read."""

from operator import attrgetter

from psp_sandbox.messages import Response
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.errors import no_such
from psp_sandbox.stripe.expansion import check_expand, data_paths, expanded
from psp_sandbox.stripe.lists import ListParameters, page
from psp_sandbox.stripe.parameters import Expandable, read
from psp_sandbox.stripe.search import Searchable, SearchParameters, compile_query, search_page
from psp_sandbox.stripe.wire import Charge

_CARD = "payment_method_details.card."
SEARCHABLE = Searchable[Charge](
    numbers={
        name: attrgetter(name) for name in ("amount", "created", f"{_CARD}exp_month", f"{_CARD}exp_year")
    },
    texts={
        name: attrgetter(name)
        for name in (
            "billing_details.address.postal_code",
            "currency",
            "customer",
            f"{_CARD}brand",
            f"{_CARD}fingerprint",
            f"{_CARD}last4",
            "status",
        )
    }
    | {
        "disputed": lambda charge: str(charge.disputed).lower(),
        "refunded": lambda charge: str(charge.refunded).lower(),
    },
)
"""The query fields that docs.stripe.com/search names for charges."""


class ListCharges(ListParameters, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/charges."""

    payment_intent: str | None = None
    customer: str | None = None
    transfer_group: str | None = None


def retrieve(call: Call) -> Response:
    """GET /v1/charges/{id}."""
    given = read(call.request, Expandable)
    check_expand("charge", given.expand)
    charge = call.store.charges.get(call.account, call.named)
    if charge is None:
        raise no_such("charge", call.named, param="id")
    return Response(payload=expanded(call.store, call.account, charge, given.expand))


def list_charges(call: Call) -> Response:
    """GET /v1/charges, of one payment intent or of all."""
    given = read(call.request, ListCharges)
    paths = data_paths("charge", given.expand)
    if given.payment_intent is not None:
        charges = iter(call.store.charges_of(call.account, given.payment_intent))
    else:
        charges = call.store.charges.newest_first(call.account)
    if given.customer is not None:
        charges = (charge for charge in charges if charge.customer == given.customer)
    if given.transfer_group is not None:
        charges = (charge for charge in charges if charge.transfer_group == given.transfer_group)
    found = page(
        charges,
        given,
        url="/v1/charges",
        show=lambda charge: expanded(call.store, call.account, charge, paths),
    )
    return Response(payload=found)


def search(call: Call) -> Response:
    """GET /v1/charges/search. A charge is found only once it is as old as the index lags behind."""
    given = read(call.request, SearchParameters)
    paths = data_paths("charge", given.expand)
    found = compile_query(given.query, SEARCHABLE).matches(
        call.account, call.store.charges_by_metadata, call.store.charges.newest_first(call.account)
    )
    return Response(
        payload=search_page(
            call.indexed(found),
            given,
            url="/v1/charges/search",
            show=lambda charge: expanded(call.store, call.account, charge, paths),
        )
    )
