"""The Checkout sessions of all accounts, and which payment intent belongs to which."""

from collections.abc import Callable, Iterator

import msgspec
from msgspec.structs import replace

from psp_sandbox.bounded_store import BoundedStore
from psp_sandbox.stripe.checkout_machine import CheckoutTransition
from psp_sandbox.stripe.wire import CaptureMethod, Metadata, ThreeDSecureRequest
from psp_sandbox.stripe.wire_checkout import CheckoutSession


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of what is bought, as the page shows it; `amount` is of all of them, in minor units."""

    name: str
    description: str | None
    quantity: int
    amount: int


class PaymentPlan(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`payment_intent_data` and `payment_method_options`: what the payment intent will be, once a customer pays."""

    capture_method: CaptureMethod
    description: str | None
    metadata: Metadata
    receipt_email: str | None
    statement_descriptor: str | None
    statement_descriptor_suffix: str | None
    request_three_d_secure: ThreeDSecureRequest = "automatic"


class StoredSession(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A session with what its page needs and the wire does not show."""

    session: CheckoutSession
    items: tuple[Item, ...]
    plan: PaymentPlan


class CheckoutStore:
    """Bounded: past `max_rows` the oldest session is dropped, and `dropped` is told its id."""

    def __init__(self, *, max_rows: int, dropped: Callable[[str], None]) -> None:
        self._rows: BoundedStore[StoredSession] = BoundedStore(max_rows=max_rows, dropped=self._drop)
        self._dropped = dropped
        self._session_of: dict[str, str] = {}

    def add(self, account: str, stored: StoredSession) -> None:
        """A session is created."""
        self._rows.add(account, stored.session.id, stored)

    def get(self, account: str, session_id: str) -> StoredSession | None:
        """The account's session of this id."""
        return self._rows.get(account, session_id)

    def any_account(self, session_id: str) -> tuple[str, StoredSession] | None:
        """The session that a page is about, with its account: the customer has no key."""
        account = self._rows.account_of(session_id)
        stored = None if account is None else self._rows.get(account, session_id)
        return None if account is None or stored is None else (account, stored)

    def newest_first(self, account: str) -> Iterator[CheckoutSession]:
        """The account's sessions."""
        return (stored.session for stored in self._rows.newest_first(account))

    def all(self) -> Iterator[CheckoutSession]:
        """Every session, oldest first."""
        return (stored.session for _, stored in self._rows.all())

    def of_intent(self, account: str, intent_id: str) -> CheckoutSession | None:
        """The session that a payment intent was made by."""
        stored = self._rows.get(account, self._session_of.get(intent_id, ""))
        return None if stored is None else stored.session

    def put(self, account: str, transition: CheckoutTransition) -> None:
        """A newer snapshot of a stored session."""
        session = transition.session
        stored = self._rows.get(account, session.id)
        if stored is None:
            raise KeyError(session.id)
        self._rows.replace(session.id, replace(stored, session=session))
        if isinstance(session.payment_intent, str):
            self._session_of[session.payment_intent] = session.id

    def forget_intent(self, intent_id: str) -> None:
        """A payment intent was dropped."""
        self._session_of.pop(intent_id, None)

    def clear(self) -> None:
        """Forget every session."""
        self._rows.clear()
        self._session_of.clear()

    def _drop(self, _account: str, session_id: str, stored: StoredSession) -> None:
        if isinstance(stored.session.payment_intent, str):
            self._session_of.pop(stored.session.payment_intent, None)
        self._dropped(session_id)
