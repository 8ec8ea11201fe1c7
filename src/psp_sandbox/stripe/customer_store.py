"""Customers and the payment methods that they keep."""

from collections.abc import Iterator

from psp_sandbox.bounded_store import BoundedStore
from psp_sandbox.stripe.stored_card import StoredCard
from psp_sandbox.stripe.wire_customers import Customer


class CustomerStore:
    """An index over the payment methods by customer. A customer that is deleted leaves only its name behind."""

    def __init__(self, payment_methods: BoundedStore[StoredCard], *, max_rows: int) -> None:
        self._payment_methods = payment_methods
        self._customers: BoundedStore[Customer | None] = BoundedStore(max_rows=max_rows, dropped=self._drop)
        self._method_ids: dict[str, dict[str, None]] = {}

    def add(self, account: str, customer: Customer) -> None:
        """A customer is created."""
        self._customers.add(account, customer.id, customer)

    def replace(self, customer: Customer) -> None:
        """A newer snapshot of a customer."""
        self._customers.replace(customer.id, customer)

    def get(self, account: str, customer_id: str) -> Customer | None:
        """The account's customer, unless deleted."""
        return self._customers.get(account, customer_id)

    def is_deleted(self, account: str, customer_id: str) -> bool:
        """Whether this was a customer of the account."""
        return (
            self._customers.account_of(customer_id) == account
            and self._customers.get(account, customer_id) is None
        )

    def newest_first(self, account: str) -> Iterator[Customer]:
        """The account's customers, newest first."""
        return (customer for customer in self._customers.newest_first(account) if customer is not None)

    def keep(self, customer_id: str, stored: StoredCard) -> None:
        """The payment method is the customer's from now on."""
        self._payment_methods.replace(stored.method.id, stored)
        self._method_ids.setdefault(customer_id, {})[stored.method.id] = None

    def release(self, customer_id: str, stored: StoredCard) -> None:
        """The payment method is no longer the customer's."""
        self._payment_methods.replace(stored.method.id, stored)
        self._method_ids.get(customer_id, {}).pop(stored.method.id, None)

    def forget_method(self, stored: StoredCard) -> None:
        """The store of payment methods dropped one."""
        self._method_ids.get(stored.method.customer or "", {}).pop(stored.method.id, None)

    def kept(self, account: str, customer_id: str) -> list[StoredCard]:
        """The customer's payment methods, the latest attached first."""
        ids = reversed(self._method_ids.get(customer_id, {}))
        found = (self._payment_methods.get(account, method_id) for method_id in ids)
        return [stored for stored in found if stored is not None]

    def delete(self, account: str, customer_id: str) -> None:
        """The customer is gone, and its payment methods are its own no longer."""
        if self._customers.account_of(customer_id) == account:
            self._customers.replace(customer_id, None)
            self._method_ids.pop(customer_id, None)

    def clear(self) -> None:
        """Forget every customer; the owner of the payment methods clears those."""
        self._customers.clear()
        self._method_ids.clear()

    def _drop(self, _account: str, customer_id: str, _customer: Customer | None) -> None:
        self._method_ids.pop(customer_id, None)
