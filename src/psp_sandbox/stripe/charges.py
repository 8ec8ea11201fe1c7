"""Charges: the attempts of payment intents, to read."""

from psp_sandbox.messages import Response
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.errors import no_such
from psp_sandbox.stripe.expansion import check_expand, data_paths, expanded
from psp_sandbox.stripe.lists import ListParameters, page
from psp_sandbox.stripe.parameters import Expandable, read


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
