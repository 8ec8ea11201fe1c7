"""What the simulated PayPal knows: every account's orders and payments, and the one place where changes enter."""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import TypeVar

from psp_sandbox.bounded_store import BoundedStore
from psp_sandbox.children import Children
from psp_sandbox.ids import new_paypal_id
from psp_sandbox.paypal import movements
from psp_sandbox.paypal.balances import Balances
from psp_sandbox.paypal.change import Change, Effect, NewEvent
from psp_sandbox.paypal.records import (
    Authorization,
    Capture,
    Dispute,
    Order,
    PaymentToken,
    Record,
    Refund,
    SetupToken,
    references,
)
from psp_sandbox.paypal.settlement import Settlement
from psp_sandbox.paypal.transaction_rows import Row
from psp_sandbox.paypal.webhooks import Webhooks
from psp_sandbox.paypal.wire import (
    Body,
    Payments,
    authorization_body,
    capture_body,
    order_body,
    refund_body,
    with_relations,
)
from psp_sandbox.paypal.wire_disputes import dispute_body
from psp_sandbox.paypal.wire_vault import payment_token_body, setup_token_body
from psp_sandbox.scheduler import Due, Scheduler

MOVEMENTS_PER_ORDER = 4
"""How many movements of balances are kept for each order that may be kept."""


class Store:
    """Everything in memory, bounded. Past `max_orders` the oldest order is dropped with all that belongs to it.

    `effect_delay_seconds`: how long after a refund its scheduled effect comes.
    """

    def __init__(
        self,
        *,
        scheduler: Scheduler,
        effect_delay_seconds: float,
        clock: Callable[[], float],
        public_url: str,
        max_orders: int,
        webhooks: Webhooks,
    ) -> None:
        self.scheduler = scheduler
        self.effect_delay_seconds = effect_delay_seconds
        self.public_url = public_url
        self.orders: BoundedStore[Order] = BoundedStore(max_rows=max_orders, dropped=self._drop_payments)
        self.authorizations: BoundedStore[Authorization] = BoundedStore(max_rows=2 * max_orders)
        self.captures: BoundedStore[Capture] = BoundedStore(max_rows=2 * max_orders)
        self.refunds: BoundedStore[Refund] = BoundedStore(max_rows=2 * max_orders)
        self.setup_tokens: BoundedStore[SetupToken] = BoundedStore(max_rows=max_orders)
        self.payment_tokens: BoundedStore[PaymentToken] = BoundedStore(
            max_rows=max_orders, dropped=self._drop_payment_token
        )
        self.disputes: BoundedStore[Dispute] = BoundedStore(max_rows=max_orders, dropped=self._drop_dispute)
        self.balances = Balances(max_rows=MOVEMENTS_PER_ORDER * max_orders)
        self.settlement = Settlement(balances=self.balances, clock=clock)
        self._clock = clock
        self._webhooks = webhooks
        self._tokens_of: dict[tuple[str, str], dict[str, None]] = {}
        self._disputes_of: dict[str, dict[str, None]] = {}
        self._authorizations_of = Children(self.authorizations, parent=attrgetter("order_id"))
        self._captures_of = Children(self.captures, parent=attrgetter("order_id"))
        self._refunds_of = Children(self.refunds, parent=attrgetter("order_id"))
        self._invoices: dict[tuple[str, str, str], str] = {}

    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock())

    def apply(self, change: Change) -> None:
        """Store the snapshots, tell about them, and schedule what follows."""
        for record in change.records:
            self._put(record)
            self.scheduler.cancel(record.id)
        for effect in change.effects:
            self._schedule(effect)
        for event in change.events:
            self._tell(event)

    def payments_of(self, order: Order) -> Payments:
        """What was made of an order, oldest first."""
        return Payments(
            authorizations=tuple(reversed(self._authorizations_of.of(order.account, order.id))),
            captures=tuple(reversed(self._captures_of.of(order.account, order.id))),
            refunds=tuple(reversed(self._refunds_of.of(order.account, order.id))),
        )

    def family_of(self, hold: Authorization) -> tuple[Authorization, ...]:
        """The other authorizations that hold the same money."""
        head = hold.parent_id or hold.id
        return tuple(
            one
            for one in self._authorizations_of.of(hold.account, hold.order_id)
            if one.id != hold.id and head in (one.id, one.parent_id)
        )

    def body(self, account: str, object_id: str) -> Body:
        """An object as it is shown now, by itself. Raises KeyError: there is none."""
        if (order := self.orders.get(account, object_id)) is not None:
            return order_body(order, self.payments_of(order), self.public_url)
        if (hold := self.authorizations.get(account, object_id)) is not None:
            return with_relations(authorization_body(hold, self.public_url), hold)
        if (capture := self.captures.get(account, object_id)) is not None:
            return with_relations(capture_body(capture, self.public_url), capture)
        if (refund := self.refunds.get(account, object_id)) is not None:
            return refund_body(refund, self.public_url)
        if (setup := self.setup_tokens.get(account, object_id)) is not None:
            return setup_token_body(setup, self.public_url)
        if (token := self.payment_tokens.get(account, object_id)) is not None:
            return payment_token_body(token, self.public_url)
        if (dispute := self.disputes.get(account, object_id)) is not None:
            captures = self.captures_of(dispute)
            about = [(capture, self.orders.get(account, capture.order_id)) for capture in captures]
            return dispute_body(dispute, about, self.public_url)
        raise KeyError(object_id)

    def order_of_token(self, token: str) -> Order | None:
        """The order that an approval page is about, of any account."""
        account = self.orders.account_of(token)
        return None if account is None else self.orders.get(account, token)

    def setup_token(self, token: str) -> SetupToken | None:
        """The setup token that a page is about, of any account."""
        account = self.setup_tokens.account_of(token)
        return None if account is None else self.setup_tokens.get(account, token)

    def payment_tokens_of(self, account: str, customer_id: str) -> list[PaymentToken]:
        """What is kept of a customer, newest first."""
        ids = reversed(self._tokens_of.get((account, customer_id), {}))
        found = (self.payment_tokens.get(account, token_id) for token_id in ids)
        return [token for token in found if token is not None]

    def captures_of(self, dispute: Dispute) -> tuple[Capture, ...]:
        """What a dispute is about; captures that were dropped meanwhile are left out."""
        found = (self.captures.get(dispute.account, capture_id) for capture_id in dispute.capture_ids)
        return tuple(capture for capture in found if capture is not None)

    def disputes_of(self, capture: Capture) -> list[Dispute]:
        """The disputes about a capture, oldest first."""
        ids = self._disputes_of.get(capture.id, {})
        found = (self.disputes.get(capture.account, dispute_id) for dispute_id in ids)
        return [dispute for dispute in found if dispute is not None]

    def record(self, account: str, object_id: str) -> Record | None:
        """Any object by its id."""
        return (
            self.orders.get(account, object_id)
            or self.authorizations.get(account, object_id)
            or self.captures.get(account, object_id)
            or self.refunds.get(account, object_id)
            or self.setup_tokens.get(account, object_id)
            or self.payment_tokens.get(account, object_id)
            or self.disputes.get(account, object_id)
        )

    def invoice_taken(self, account: str, kind: str, invoice_id: str | None, *, by: str) -> bool:
        """Whether another payment (`kind` payment, by order) or refund (`kind` refund) has used the invoice id."""
        if invoice_id is None:
            return False
        return self._invoices.get((account, kind, invoice_id), by) != by

    def clear(self) -> None:
        """Forget every object."""
        for objects in (
            self.orders,
            self.authorizations,
            self.captures,
            self.refunds,
            self.setup_tokens,
            self.payment_tokens,
            self.disputes,
        ):
            objects.clear()
        for index in (
            self._authorizations_of,
            self._captures_of,
            self._refunds_of,
            self._invoices,
            self._tokens_of,
            self._disputes_of,
        ):
            index.clear()
        self.balances.clear()
        self.settlement.clear()
        self.scheduler.clear()

    def _put(self, record: Record) -> None:
        account = record.account
        match record:
            case Order():
                _put_in(self.orders, record)
            case Dispute():
                before = self.disputes.get(account, record.id)
                _put_in(self.disputes, record)
                first = next(iter(self.captures_of(record)), None)
                self._book(account, movements.of_disputes(before, record, first))
                for capture_id in record.capture_ids:
                    self._disputes_of.setdefault(capture_id, {})[record.id] = None
            case SetupToken():
                _put_in(self.setup_tokens, record)
            case PaymentToken():
                _put_in(self.payment_tokens, record)
                if record.deleted:
                    self._drop_payment_token(account, record.id, record)
                else:
                    self._tokens_of.setdefault((account, record.customer_id), {})[record.id] = None
            case Authorization():
                self._authorizations_of.put(account, record)
                self._use_invoice(record, "payment", record.order_id, used=record.status != "DENIED")
            case Capture():
                taken = movements.of_captures(
                    self.captures.get(account, record.id), record, self.orders.get(account, record.order_id)
                )
                self._book(account, taken)
                self._captures_of.put(account, record)
                self._use_invoice(record, "payment", record.order_id, used=record.status != "DECLINED")
            case Refund():
                returned = movements.of_refunds(
                    self.refunds.get(account, record.id),
                    record,
                    self.orders.get(account, record.order_id),
                    new_paypal_id,
                )
                self._book(account, returned)
                self._refunds_of.put(account, record)
                self._use_invoice(record, "refund", record.id, used=True)

    def _book(self, account: str, rows: Iterator[Row]) -> None:
        """What a snapshot moved of the balance, before the snapshot itself is kept."""
        for row in rows:
            self.balances.add(account, row)

    def _use_invoice(
        self, record: Authorization | Capture | Refund, kind: str, by: str, *, used: bool
    ) -> None:
        if used and record.invoice_id is not None:
            self._invoices.setdefault((record.account, kind, record.invoice_id), by)

    def _tell(self, event: NewEvent) -> None:
        account = self.account_of(event.object_id)
        record = self.record(account, event.object_id)
        self._webhooks.tell(
            account,
            event.type,
            self.body(account, event.object_id),
            now=self.now(),
            metadata={} if record is None else references(record),
        )

    def _schedule(self, effect: Effect) -> None:
        due = Due(account=self.account_of(effect.object_id), kind=effect.kind, object_id=effect.object_id)
        delay = self.effect_delay_seconds if effect.at is None else effect.at - self._clock()
        self.scheduler.schedule(due, after_seconds=delay)

    def account_of(self, object_id: str) -> str:
        """The account that an object belongs to. Raises KeyError: there is no such object."""
        account = (
            self.orders.account_of(object_id)
            or self.authorizations.account_of(object_id)
            or self.captures.account_of(object_id)
            or self.refunds.account_of(object_id)
            or self.setup_tokens.account_of(object_id)
            or self.payment_tokens.account_of(object_id)
            or self.disputes.account_of(object_id)
        )
        if account is None:
            raise KeyError(object_id)
        return account

    def _drop_payments(self, account: str, order_id: str, _order: Order) -> None:
        self.scheduler.cancel(order_id)
        gone: list[Authorization | Capture | Refund] = [
            *self._authorizations_of.drop(account, order_id),
            *self._captures_of.drop(account, order_id),
            *self._refunds_of.drop(account, order_id),
        ]
        for one in gone:
            self.scheduler.cancel(one.id)
            if one.invoice_id is not None:
                self._invoices.pop((account, "payment", one.invoice_id), None)
                self._invoices.pop((account, "refund", one.invoice_id), None)

    def _drop_dispute(self, _account: str, dispute_id: str, dispute: Dispute) -> None:
        self.scheduler.cancel(dispute_id)
        for capture_id in dispute.capture_ids:
            listed = self._disputes_of.pop(capture_id, {})
            listed.pop(dispute_id, None)
            if listed:
                self._disputes_of[capture_id] = listed

    def _drop_payment_token(self, account: str, token_id: str, token: PaymentToken) -> None:
        kept = self._tokens_of.pop((account, token.customer_id), {})
        kept.pop(token_id, None)
        if kept:
            self._tokens_of[account, token.customer_id] = kept


R = TypeVar("R", Dispute, Order, SetupToken, PaymentToken)


def _put_in(objects: BoundedStore[R], record: R) -> None:
    """A new object, or a newer snapshot of one."""
    if objects.get(record.account, record.id) is None:
        objects.add(record.account, record.id, record)
    else:
        objects.replace(record.id, record)
