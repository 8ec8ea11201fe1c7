"""What the simulated Stripe knows: every account's objects, and the one place where changes and events enter."""

from collections.abc import Callable
from operator import attrgetter
from typing import Protocol

import msgspec

from psp_sandbox.bounded_store import BoundedStore
from psp_sandbox.children import Children
from psp_sandbox.ids import new_id
from psp_sandbox.scheduler import Due, Scheduler
from psp_sandbox.stripe.cards import CARDS, Card
from psp_sandbox.stripe.challenges import Challenges
from psp_sandbox.stripe.charge_transition import DisputeTransition, RefundTransition
from psp_sandbox.stripe.checkout_machine import CheckoutTransition, follow
from psp_sandbox.stripe.checkout_store import CheckoutStore, StoredSession
from psp_sandbox.stripe.customer_store import CustomerStore
from psp_sandbox.stripe.effect import Effect
from psp_sandbox.stripe.endpoint import Endpoint
from psp_sandbox.stripe.machine import NewEvent, Transition
from psp_sandbox.stripe.metadata_index import MetadataIndex
from psp_sandbox.stripe.movements import Movement, movement_ids, shown
from psp_sandbox.stripe.payout_machine import PayoutTransition
from psp_sandbox.stripe.payout_store import PayoutStore
from psp_sandbox.stripe.report_store import ReportStore
from psp_sandbox.stripe.settlement_currency import SettlementCurrency, converted
from psp_sandbox.stripe.stored_card import StoredCard
from psp_sandbox.stripe.warning_store import WarningStore
from psp_sandbox.stripe.wire import (
    API_VERSION,
    Charge,
    Event,
    EventData,
    EventRequest,
    PaymentIntent,
)
from psp_sandbox.stripe.wire_disputes import Dispute, EarlyFraudWarning
from psp_sandbox.stripe.wire_refunds import Refund

MAX_EVENTS = 200_000
MAX_PAYOUTS = 100_000
MAX_REPORTS = 1_000


class Caller(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who is asking: the account behind the key, and which request this is."""

    account: str
    livemode: bool
    request: EventRequest


NO_REQUEST = EventRequest(id=None, idempotency_key=None)
"""The request of an event that no request made happen."""


class Deliveries(Protocol):
    """Takes events to endpoints, some time, at least once."""

    def send(self, event: Event, endpoint: Endpoint, metadata: dict[str, str]) -> None:
        """Accept the event for delivery; never waits. `metadata` is what the event's object is known by."""

    def pending(self, event_id: str) -> int:
        """How many endpoints have yet to take the event."""


class Store:
    """Everything in memory, bounded. Past `max_payments` the oldest payment is dropped with all that belongs to it.

    `effect_delay_seconds`: how long after a payment or a refund its scheduled effect comes.
    """

    def __init__(
        self,
        *,
        scheduler: Scheduler,
        effect_delay_seconds: float,
        clock: Callable[[], float],
        deliveries: Deliveries,
        max_payments: int,
    ) -> None:
        self.scheduler = scheduler
        self.effect_delay_seconds = effect_delay_seconds
        self._clock = clock
        self._deliveries = deliveries
        self.payment_methods: BoundedStore[StoredCard] = BoundedStore(
            max_rows=max_payments, dropped=lambda _, __, stored: self.customers.forget_method(stored)
        )
        self.tokens: BoundedStore[StoredCard] = BoundedStore(max_rows=max_payments)
        self.customers = CustomerStore(self.payment_methods, max_rows=max_payments)
        self.challenges = Challenges()
        self.checkout = CheckoutStore(max_rows=max_payments, dropped=scheduler.cancel)
        self.intents: BoundedStore[PaymentIntent] = BoundedStore(
            max_rows=max_payments, dropped=self._drop_children
        )
        self.charges: BoundedStore[Charge] = BoundedStore(
            max_rows=2 * max_payments, dropped=self._drop_refunds_and_disputes
        )
        self.refunds: BoundedStore[Refund] = BoundedStore(max_rows=2 * max_payments)
        self.disputes: BoundedStore[Dispute] = BoundedStore(max_rows=2 * max_payments)
        self.warnings = WarningStore(max_rows=2 * max_payments)
        self.payouts = PayoutStore(max_rows=MAX_PAYOUTS)
        self.reports = ReportStore(max_rows=MAX_REPORTS)
        self.movements: BoundedStore[Movement] = BoundedStore(max_rows=4 * max_payments)
        self.settles: SettlementCurrency | None = None
        self.events: BoundedStore[Event] = BoundedStore(max_rows=MAX_EVENTS)
        self.endpoints: dict[str, Endpoint] = {}
        self.by_metadata = MetadataIndex(self.intents)
        self.charges_by_metadata = MetadataIndex(self.charges)
        self._charges_of = Children(self.charges, parent=attrgetter("payment_intent"))
        self._refunds_of = Children(self.refunds, parent=attrgetter("charge"))
        self._disputes_of = Children(self.disputes, parent=attrgetter("charge"))
        self._is_live: dict[str, bool] = {}

    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock())

    def add_intent(self, caller: Caller, intent: PaymentIntent) -> None:
        """A payment intent is created."""
        self.intents.add(caller.account, intent.id, intent)
        self.by_metadata.note(caller.account, intent)
        self.emit(caller, NewEvent("payment_intent.created", intent))

    def update_intent(self, caller: Caller, before: PaymentIntent, after: PaymentIntent) -> None:
        """What a payment intent says of itself is changed, which is no event at Stripe."""
        self.by_metadata.forget(caller.account, before)
        self.intents.replace(after.id, after)
        self.by_metadata.note(caller.account, after)

    def apply(self, caller: Caller, transition: Transition) -> PaymentIntent:
        """Store the next snapshots, emit their events, and schedule the effect; the intent as it is now."""
        intent, charge = transition.intent, transition.charge
        if charge is not None:
            self._charges_of.put(caller.account, charge)
            self.charges_by_metadata.note(caller.account, charge)
        self.move(caller, transition.movement)
        before = self.intents.get(caller.account, intent.id)
        self.intents.replace(intent.id, intent)
        self.by_metadata.note(caller.account, intent)
        for event in transition.events:
            self.emit(caller, event)
        self.scheduler.cancel(intent.id)
        self.schedule(caller.account, transition.effect)
        session = self.checkout.of_intent(caller.account, intent.id)
        if session is not None and before is not None:
            self.apply_to_session(caller, follow(session, before, intent))
        return intent

    def add_session(self, caller: Caller, stored: StoredSession, expiry: Effect) -> None:
        """A Checkout session is created, which is no event at Stripe."""
        self.checkout.add(caller.account, stored)
        self.schedule(caller.account, expiry)

    def apply_to_session(self, caller: Caller, transition: CheckoutTransition) -> None:
        """Store the next snapshot of a Checkout session and emit its events. What is not open any more cannot expire."""
        self.checkout.put(caller.account, transition)
        if transition.session.status != "open":
            self.scheduler.cancel(transition.session.id)
        for event in transition.events:
            self.emit(caller, event)

    def apply_to_charge(self, caller: Caller, transition: RefundTransition | DisputeTransition) -> None:
        """Store the next snapshots after a refund or a dispute moved, emit their events, and schedule the effect."""
        account = caller.account
        if transition.charge is not None:
            self._charges_of.put(account, transition.charge)
        self.move(caller, transition.movement)
        if isinstance(transition, RefundTransition):
            moved_id, charge_id = transition.refund.id, transition.refund.charge
            self._refunds_of.put(account, transition.refund)
        else:
            moved_id, charge_id = transition.dispute.id, transition.dispute.charge
            self._disputes_of.put(account, transition.dispute)
        charge, disputes = self.charge(account, charge_id), self.disputes_of(account, charge_id)
        for event in (*transition.events, *self.warnings.follow(account, charge, disputes)):
            self.emit(caller, event)
        if not transition.keeps_effect:
            self.scheduler.cancel(moved_id)
            self.schedule(account, transition.effect)

    def apply_to_payout(self, caller: Caller, transition: PayoutTransition) -> None:
        """Store the next snapshot of a payout, emit its events, and schedule the effect."""
        self.payouts.put(caller.account, transition.payout)
        self.move(caller, transition.movement)
        for event in transition.events:
            self.emit(caller, event)
        self.scheduler.cancel(transition.payout.id)
        self.schedule(caller.account, transition.effect)

    def warn(self, caller: Caller, warning: EarlyFraudWarning) -> None:
        """An issuer suspects fraud."""
        self.warnings.put(caller.account, warning)
        self.emit(caller, NewEvent("radar.early_fraud_warning.created", warning))

    def emit(self, caller: Caller, new: NewEvent) -> None:
        """Record an event and hand it to every endpoint that listens."""
        listening = [e for e in self.endpoints.values() if e.hears(caller.account, new.type)]
        event = Event(
            id=new_id("evt"),
            api_version=API_VERSION,
            created=self.now(),
            data=EventData(object=new.object, previous_attributes=new.previous),
            livemode=caller.livemode,
            pending_webhooks=len(listening),
            request=caller.request,
            type=new.type,
        )
        self.events.add(caller.account, event.id, event)
        for endpoint in listening:
            self._deliveries.send(event, endpoint, self.metadata_of(caller.account, new.object))

    def metadata_of(self, account: str, about: msgspec.Struct) -> dict[str, str]:
        """An object's own metadata; for what follows a payment, on top of the payment's."""
        own: dict[str, str] = getattr(about, "metadata", {})
        if not isinstance(about, Refund | Dispute | EarlyFraudWarning):
            return own
        intent = self.intents.get(account, about.payment_intent)
        return own if intent is None else intent.metadata | own

    def caller_of(self, account: str) -> Caller:
        """The caller of what the simulated Stripe does by itself with the money of an account."""
        return Caller(account=account, livemode=self._is_live.get(account, False), request=NO_REQUEST)

    def pending_webhooks(self, event_id: str) -> int:
        """How many endpoints have yet to take the event."""
        return self._deliveries.pending(event_id)

    def charges_of(self, account: str, intent_id: str) -> list[Charge]:
        """The intent's attempts, newest first."""
        return self._charges_of.of(account, intent_id)

    def refunds_of(self, account: str, charge_id: str) -> list[Refund]:
        """The charge's refunds, newest first."""
        return self._refunds_of.of(account, charge_id)

    def disputes_of(self, account: str, charge_id: str) -> list[Dispute]:
        """The charge's disputes, newest first."""
        return self._disputes_of.of(account, charge_id)

    def movements_of(self, account: str, source: str) -> list[Movement]:
        """What a charge, a refund, a dispute or a payout did to the balance, newest first."""
        about = self.find(account, source)
        found = (self.movements.get(account, movement_id) for movement_id in reversed(movement_ids(about)))
        return [movement for movement in found if movement is not None]

    def charge(self, account: str, charge_id: str) -> Charge:
        """The charge of a refund or a dispute, there as long as they are. Raises KeyError: it is not."""
        charge = self.charges.get(account, charge_id)
        if charge is None:
            raise KeyError(charge_id)
        return charge

    def card_of(self, account: str, charge: Charge) -> Card:
        """The test card a charge was paid with; a plain one where its payment method was dropped meanwhile."""
        stored = self.payment_methods.get(account, charge.payment_method)
        return CARDS[0] if stored is None else stored.card

    def find(self, account: str, object_id: str) -> msgspec.Struct | None:
        """Any object that others refer to by its id, as it is shown now."""
        match object_id.partition("_")[0]:
            case "ch":
                return self.charges.get(account, object_id)
            case "pi":
                return self.intents.get(account, object_id)
            case "cs":
                stored_session = self.checkout.get(account, object_id)
                return None if stored_session is None else stored_session.session
            case "cus":
                return self.customers.get(account, object_id)
            case "dp":
                return self.disputes.get(account, object_id)
            case "pm":
                stored = self.payment_methods.get(account, object_id)
                return None if stored is None else stored.method
            case "po":
                stored_payout = self.payouts.get(account, object_id)
                return None if stored_payout is None else stored_payout.payout
            case "re":
                return self.refunds.get(account, object_id)
            case "txn":
                movement = self.movements.get(account, object_id)
                return None if movement is None else shown(movement, now=self.now())
            case _:
                return None

    def clear(self) -> None:
        """Forget every object and every endpoint that was made over the API; those of the command line stay."""
        self.scheduler.clear()
        self.settles = None
        self.endpoints = {key: end for key, end in self.endpoints.items() if end.account is None}
        for objects in (
            self.payment_methods,
            self.tokens,
            self.intents,
            self.charges,
            self.refunds,
            self.disputes,
            self.warnings,
            self.challenges,
            self.payouts,
            self.reports,
            self.movements,
            self.events,
            self.customers,
            self.checkout,
            self.by_metadata,
            self.charges_by_metadata,
            self._charges_of,
            self._refunds_of,
            self._disputes_of,
            self._is_live,
        ):
            objects.clear()

    def schedule(self, account: str, effect: Effect | None) -> None:
        """The effect comes in its time, after the effect delay where it says none."""
        if effect is not None:
            due = Due(account=account, kind=effect.kind, object_id=effect.object_id)
            delay = self.effect_delay_seconds if effect.at is None else effect.at - self._clock()
            self.scheduler.schedule(due, after_seconds=delay)

    def move(self, caller: Caller, movement: Movement | None) -> None:
        """The balance of the account changes, if there is a movement."""
        if movement is not None:
            self.movements.add(caller.account, movement.id, converted(movement, self.settles))
            self._is_live[caller.account] = caller.livemode

    def _drop_children(self, account: str, intent_id: str, intent: PaymentIntent) -> None:
        self.by_metadata.forget(account, intent)
        for charge in self._charges_of.drop(account, intent_id):
            self._drop_refunds_and_disputes(account, charge.id, charge)
        self.challenges.close(intent_id)
        self.checkout.forget_intent(intent_id)
        self.scheduler.cancel(intent_id)

    def _drop_refunds_and_disputes(self, account: str, charge_id: str, charge: Charge) -> None:
        self.charges_by_metadata.forget(account, charge)
        self.warnings.drop(account, charge_id)
        gone: list[Charge | Dispute | Refund] = [
            charge,
            *self._refunds_of.drop(account, charge_id),
            *self._disputes_of.drop(account, charge_id),
        ]
        for one in gone:
            self.scheduler.cancel(one.id)
            for movement_id in movement_ids(one):
                self.movements.discard(movement_id)
