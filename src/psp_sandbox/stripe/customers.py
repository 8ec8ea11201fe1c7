"""Customers: create, retrieve, update, delete, list; and the payment methods attached to them."""

from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Response
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.errors import DOC_URL, card_refused, no_such, refused
from psp_sandbox.stripe.lists import ListParameters, page
from psp_sandbox.stripe.machine import NewEvent
from psp_sandbox.stripe.outcomes import DECLINES
from psp_sandbox.stripe.parameters import Expandable, changed_metadata, checked_metadata, read
from psp_sandbox.stripe.payment_methods import addressed, find_or_clone
from psp_sandbox.stripe.stored_card import StoredCard
from psp_sandbox.stripe.wire import Deleted, ErrorDetail, Metadata
from psp_sandbox.stripe.wire_address import Address
from psp_sandbox.stripe.wire_customers import Customer, InvoiceSettings, TaxExempt


class InvoiceSettingsParameters(
    msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True
):
    """`invoice_settings`, of which the sandbox keeps the payment method."""

    default_payment_method: str | None = None


class CustomerParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/customers/{id}. An empty text unsets."""

    address: Address | str | None = None
    description: str | None = None
    email: str | None = None
    invoice_settings: InvoiceSettingsParameters | None = None
    metadata: Metadata | str | None = None
    name: str | None = None
    phone: str | None = None
    preferred_locales: list[str] | None = None
    shipping: dict[str, Any] | str | None = None
    tax_exempt: TaxExempt | None = None
    expand: list[str] = []


class CreateCustomer(CustomerParameters, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/customers."""

    payment_method: str | None = None


class ListCustomers(ListParameters, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/customers."""

    email: str | None = None


class AttachParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/payment_methods/{id}/attach."""

    customer: str
    expand: list[str] = []


def create(call: Call) -> Response:
    """POST /v1/customers."""
    given = read(call.request, CreateCustomer)
    stored = None if given.payment_method is None else find_or_clone(call, given.payment_method)
    customer_id = new_id("cus")
    if stored is not None:
        _check_attachable(stored, customer_id)
    customer = Customer(
        id=customer_id,
        address=None,
        created=call.store.now(),
        description=None,
        email=None,
        invoice_prefix=customer_id[-8:].upper(),
        invoice_settings=InvoiceSettings(),
        livemode=call.caller.livemode,
        metadata=checked_metadata(given.metadata or {}),
        name=None,
        phone=None,
        preferred_locales=(),
        shipping=None,
        tax_exempt="none",
    )
    customer = _changed(call, customer, given, newly_attached=stored)
    call.store.customers.add(call.account, customer)
    call.store.emit(call.caller, NewEvent("customer.created", customer))
    if stored is not None:
        _attach(call, stored, customer_id)
    return Response(payload=customer)


def retrieve(call: Call) -> Response:
    """GET /v1/customers/{id}. Of a deleted customer only that it was deleted."""
    read(call.request, Expandable)
    if call.store.customers.is_deleted(call.account, call.named):
        return Response(payload=Deleted(id=call.named, object="customer"))
    return Response(payload=_addressed(call))


def update(call: Call) -> Response:
    """POST /v1/customers/{id}."""
    given = read(call.request, CustomerParameters)
    before = _addressed(call)
    metadata = changed_metadata(before.metadata, given.metadata)
    customer = replace(_changed(call, before, given), metadata=metadata)
    call.store.customers.replace(customer)
    known = asdict(before)
    previous = {name: known[name] for name, value in asdict(customer).items() if value != known[name]}
    if previous:
        call.store.emit(call.caller, NewEvent("customer.updated", customer, previous))
    return Response(payload=customer)


def delete(call: Call) -> Response:
    """DELETE /v1/customers/{id}: its payment methods are detached."""
    customer = _addressed(call)
    for stored in call.store.customers.kept(call.account, customer.id):
        _detach(call, stored, customer.id)
    call.store.customers.delete(call.account, customer.id)
    call.store.emit(call.caller, NewEvent("customer.deleted", customer))
    return Response(payload=Deleted(id=customer.id, object="customer"))


def list_customers(call: Call) -> Response:
    """GET /v1/customers, all or those with an e-mail address, which is compared letter for letter."""
    given = read(call.request, ListCustomers)
    customers = call.store.customers.newest_first(call.account)
    if given.email is not None:
        customers = (customer for customer in customers if customer.email == given.email)
    return Response(payload=page(customers, given, url="/v1/customers", show=lambda customer: customer))


def attach(call: Call) -> Response:
    """POST /v1/payment_methods/{id}/attach. A published `pm_card_*` name makes a new payment method, as for a payment."""
    given = read(call.request, AttachParameters)
    check_customer(call, given.customer)
    stored = find_or_clone(call, call.named)
    if stored.method.customer == given.customer:
        return Response(payload=stored.method)
    _check_attachable(stored, given.customer)
    return Response(payload=_attach(call, stored, given.customer).method)


def detach(call: Call) -> Response:
    """POST /v1/payment_methods/{id}/detach. The payment method can never be used again."""
    read(call.request, Expandable)
    stored = addressed(call)
    customer_id = stored.method.customer
    if customer_id is None:
        raise refused(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    return Response(payload=_detach(call, stored, customer_id).method)


def check_customer(call: Call, customer_id: str | None) -> None:
    """Raises Refusal: a request names a customer that is none."""
    if customer_id is not None and call.store.customers.get(call.account, customer_id) is None:
        message = f"No such customer: '{customer_id[:100]}'"
        raise refused(message, param="customer", code="resource_missing")


def check_payer(stored: StoredCard | None, customer_id: str | None) -> None:
    """Raises Refusal: the payment method is of another customer, or was detached from one."""
    if stored is None:
        return
    if stored.is_detached:
        raise refused(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, "
            "shared with a connected account without Customer attachment, or was detached from a Customer. "
            "It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.",
            param="payment_method",
        )
    owner = stored.method.customer
    if owner is not None and customer_id is None:
        raise refused(
            f"The PaymentMethod {stored.method.id} belongs to a Customer. "
            "Please include the Customer in the `customer` parameter on the PaymentIntent.",
            param="payment_method",
        )
    if owner not in (None, customer_id):
        raise refused(
            f"The customer does not have a payment method with the ID {stored.method.id}. "
            "The payment method must be attached to the customer.",
            param="payment_method",
        )


def _changed(
    call: Call, customer: Customer, given: CustomerParameters, *, newly_attached: StoredCard | None = None
) -> Customer:
    """The customer with what a request says of it, the metadata aside. Raises Refusal."""
    changes: dict[str, Any] = {
        name: value or None
        for name in ("address", "description", "email", "name", "phone", "shipping")
        if (value := getattr(given, name)) is not None
    }
    if given.preferred_locales is not None:
        changes["preferred_locales"] = tuple(given.preferred_locales)
    if given.tax_exempt is not None:
        changes["tax_exempt"] = given.tax_exempt
    default = given.invoice_settings.default_payment_method if given.invoice_settings else None
    if default is not None:
        named = call.store.payment_methods.get(call.account, default)
        is_theirs = named is not None and (named is newly_attached or named.method.customer == customer.id)
        if default and not is_theirs:
            raise refused(
                "The customer does not have a payment method with the ID "
                f"{default[:100]}. The payment method must be attached to the customer.",
                param="invoice_settings[default_payment_method]",
                code="resource_missing",
            )
        changes["invoice_settings"] = InvoiceSettings(default_payment_method=default or None)
    changed: Customer = replace(customer, **changes)
    return changed


def _check_attachable(stored: StoredCard, customer_id: str) -> None:
    """Raises Refusal: the card is one that its issuer refuses, or the payment method is another customer's."""
    check_payer(stored, customer_id)
    if stored.card.decline is not None and not stored.card.attaches:
        decline = DECLINES[stored.card.decline]
        raise card_refused(
            ErrorDetail(
                type="card_error",
                code=decline.code,
                decline_code=decline.decline_code or msgspec.UNSET,
                doc_url=DOC_URL + decline.code.replace("_", "-"),
                message=decline.message,
            )
        )


def _attach(call: Call, stored: StoredCard, customer_id: str) -> StoredCard:
    attached = replace(stored, method=replace(stored.method, customer=customer_id))
    call.store.customers.keep(customer_id, attached)
    call.store.emit(call.caller, NewEvent("payment_method.attached", attached.method))
    return attached


def _detach(call: Call, stored: StoredCard, customer_id: str) -> StoredCard:
    detached = replace(stored, method=replace(stored.method, customer=None), is_detached=True)
    call.store.customers.release(customer_id, detached)
    event = NewEvent("payment_method.detached", detached.method, {"customer": customer_id})
    call.store.emit(call.caller, event)
    return detached


def _addressed(call: Call) -> Customer:
    customer = call.store.customers.get(call.account, call.named)
    if customer is None:
        raise no_such("customer", call.named, param="id")
    return customer
