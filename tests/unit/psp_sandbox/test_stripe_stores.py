"""What the sandbox's Stripe keeps of customers and of metadata, and what it lets go."""

from typing import NamedTuple

from psp_sandbox.bounded_store import BoundedStore
from psp_sandbox.stripe.cards import CARDS, on_file
from psp_sandbox.stripe.customer_store import CustomerStore
from psp_sandbox.stripe.metadata_index import MetadataIndex
from psp_sandbox.stripe.stored_card import StoredCard
from psp_sandbox.stripe.wire import BillingDetails, PaymentMethod


def stored(name: str, customer: str) -> StoredCard:
    method = PaymentMethod(
        id=name,
        billing_details=BillingDetails(),
        card=on_file(CARDS[0], exp_month=8, exp_year=2027, cvc_given=True),
        created=1,
        customer=customer,
        livemode=False,
        metadata={},
    )
    return StoredCard(method, CARDS[0])


class Noted(NamedTuple):
    """Anything with metadata."""

    id: str
    metadata: dict[str, str]


def test_dropped_payment_method_leaves_its_customer() -> None:
    methods: BoundedStore[StoredCard] = BoundedStore(
        max_rows=2, dropped=lambda _, __, one: customers.forget_method(one)
    )
    customers = CustomerStore(methods, max_rows=2)
    for number in range(3):
        card = stored(f"pm_{number}", "cus_1")
        methods.add("acct", card.method.id, card)
        customers.keep("cus_1", card)
    assert [one.method.id for one in customers.kept("acct", "cus_1")] == ["pm_2", "pm_1"]
    assert customers.kept("another", "cus_1") == []


def test_changed_metadata_is_found_by_its_new_value_only() -> None:
    objects: BoundedStore[Noted] = BoundedStore(max_rows=9)
    index = MetadataIndex(objects)
    before, after = Noted("a", {"order": "1"}), Noted("a", {"order": "2"})
    objects.add("acct", "a", before)
    assert index.find("acct", "order", "1") == [before]
    index.forget("acct", before)
    objects.replace("a", after)
    index.note("acct", after)
    assert index.find("acct", "order", "1") == []
    assert index.find("acct", "order", "2") == [after]
