"""What the simulated Stripe knows: every account's objects, and the door through which changes and events go in."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from psp_sandbox.agenda import Agenda, Due
from psp_sandbox.ids import new_id
from psp_sandbox.shelf import Shelf
from psp_sandbox.signature import stripe_signature
from psp_sandbox.stripe.cards import CARDS, Card
from psp_sandbox.stripe.later import Later
from psp_sandbox.stripe.machine import Happened, Transition
from psp_sandbox.stripe.metadata_index import MetadataIndex
from psp_sandbox.stripe.movements import Movement, shown
from psp_sandbox.stripe.sequel import DisputeSequel, RefundSequel
from psp_sandbox.stripe.wire import (
    API_VERSION,
    Charge,
    Event,
    EventData,
    EventRequest,
    PaymentIntent,
    PaymentMethod,
    WebhookEndpoint,
)
from psp_sandbox.stripe.wire_disputes import Dispute, EarlyFraudWarning
from psp_sandbox.stripe.wire_refunds import Refund

MAX_EVENTS = 200_000
MAX_ENDPOINTS = 1_000
MAX_ENDPOINTS_PER_ACCOUNT = 16
MAX_SECRETS_PER_ENDPOINT = 5


class Caller(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who is asking: the account behind the key, and which request this is."""

    account: str
    livemode: bool
    request: EventRequest


NOBODY = EventRequest(id=None, idempotency_key=None)
"""The request of an event that no request made happen."""


class StoredCard(msgspec.Struct, frozen=True, gc=False):
    """A payment method and the test card behind it."""

    method: PaymentMethod
    card: Card


class Challenge(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An authentication the customer has been sent to. `stored` is the card that is being authenticated."""

    id: str
    account: str
    intent_id: str
    return_url: str | None
    stored: StoredCard


class Endpoint:
    """Where events go. `account` is None for one given on the command line, which hears every account."""

    def __init__(self, *, account: str | None, shown: WebhookEndpoint, secrets: tuple[str, ...]) -> None:
        self.account = account
        self.shown = shown
        self._secrets: list[tuple[str, float | None]] = [(secret, None) for secret in secrets]

    @property
    def url(self) -> str:
        """Where to POST."""
        return self.shown.url

    def hears(self, account: str, event_type: str) -> bool:
        """Whether the endpoint is to be told of this event."""
        wanted = self.shown.enabled_events
        return (
            self.account in (None, account)
            and self.shown.status == "enabled"
            and ("*" in wanted or event_type in wanted)
        )

    def secrets(self) -> tuple[str, ...]:
        """The secrets that sign now, newest first."""
        now = time.time()
        return tuple(secret for secret, until in self._secrets if until is None or until > now)

    def roll_secret(self, secret: str, *, expire_previous_seconds: float) -> None:
        """Sign with a new secret; earlier ones keep signing beside it for a while."""
        until = time.time() + expire_previous_seconds
        rolled = [(old, until if end is None else min(end, until)) for old, end in self._secrets]
        self._secrets = [(secret, None), *rolled][:MAX_SECRETS_PER_ENDPOINT]

    def headers(self, payload: bytes) -> dict[str, str]:
        """The signature of one delivery attempt, made now."""
        signature = stripe_signature(payload, secrets=self.secrets(), timestamp=int(time.time()))
        return {"Stripe-Signature": signature}

    def forged_headers(self, payload: bytes) -> dict[str, str]:
        """The same, signed with a secret nobody has."""
        signature = stripe_signature(payload, secrets=[new_id("whsec")], timestamp=int(time.time()))
        return {"Stripe-Signature": signature}


class Deliveries(Protocol):
    """Takes events to endpoints, some time, at least once."""

    def send(self, event: Event, endpoint: Endpoint, metadata: dict[str, str]) -> None:
        """Accept the event for delivery; never waits. `metadata` is what the event's object is known by."""

    def pending(self, event_id: str) -> int:
        """How many endpoints have yet to take the event."""


class Store:
    """Everything in memory, bounded. Past `max_payments` the oldest payment is dropped with all that belongs to it.

    `aftermath_delay_seconds`: how long the sandbox waits with what it does by itself after a payment or a refund.
    """

    def __init__(
        self,
        *,
        agenda: Agenda,
        aftermath_delay_seconds: float,
        clock: Callable[[], float],
        deliveries: Deliveries,
        max_payments: int,
    ) -> None:
        self.agenda = agenda
        self.aftermath_delay_seconds = aftermath_delay_seconds
        self._clock = clock
        self._deliveries = deliveries
        self.payment_methods: Shelf[StoredCard] = Shelf(max_rows=max_payments)
        self.intents: Shelf[PaymentIntent] = Shelf(max_rows=max_payments, dropped=self._drop_children)
        self.charges: Shelf[Charge] = Shelf(max_rows=2 * max_payments, dropped=self._drop_sequels)
        self.refunds: Shelf[Refund] = Shelf(max_rows=2 * max_payments)
        self.disputes: Shelf[Dispute] = Shelf(max_rows=2 * max_payments)
        self.warnings: Shelf[EarlyFraudWarning] = Shelf(max_rows=2 * max_payments)
        self.movements: Shelf[Movement] = Shelf(max_rows=4 * max_payments)
        self.events: Shelf[Event] = Shelf(max_rows=MAX_EVENTS)
        self.endpoints: dict[str, Endpoint] = {}
        self.by_metadata = MetadataIndex(self.intents)
        self._charges_of: dict[str, tuple[str, ...]] = {}
        self._refunds_of: dict[str, tuple[str, ...]] = {}
        self._disputes_of: dict[str, tuple[str, ...]] = {}
        self._warning_of: dict[str, str] = {}
        self._challenges: dict[str, Challenge] = {}
        self._challenge_of: dict[str, str] = {}
        self._authenticated: set[str] = set()

    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock())

    def add_intent(self, caller: Caller, intent: PaymentIntent) -> None:
        """A payment intent is created."""
        self.intents.add(caller.account, intent.id, intent)
        self.by_metadata.note(caller.account, intent)
        self.tell(caller, Happened("payment_intent.created", intent))

    def apply(self, caller: Caller, transition: Transition) -> PaymentIntent:
        """Make the transition true and tell of it; the intent as it is now."""
        intent, charge = transition.intent, transition.charge
        if charge is not None:
            self._put_charge(caller.account, charge)
        if transition.movement is not None:
            self.movements.add(caller.account, transition.movement.id, transition.movement)
        self.intents.replace(intent.id, intent)
        self.by_metadata.note(caller.account, intent)
        for happened in transition.happened:
            self.tell(caller, happened)
        self.agenda.strike(intent.id)
        self._enter(caller.account, transition.later)
        return intent

    def follow(self, caller: Caller, sequel: RefundSequel | DisputeSequel) -> None:
        """Make a sequel true, tell of it, and enter in the agenda what is still to come."""
        account = caller.account
        if sequel.charge is not None:
            self._put_charge(account, sequel.charge)
        if sequel.movement is not None:
            self.movements.add(account, sequel.movement.id, sequel.movement)
        if isinstance(sequel, RefundSequel):
            moved_id = sequel.refund.id
            _put(self.refunds, self._refunds_of, account, sequel.refund)
        else:
            moved_id = sequel.dispute.id
            _put(self.disputes, self._disputes_of, account, sequel.dispute)
        for happened in sequel.happened:
            self.tell(caller, happened)
        if not sequel.waits_on:
            self.agenda.strike(moved_id)
            self._enter(account, sequel.later)

    def warn(self, caller: Caller, warning: EarlyFraudWarning) -> None:
        """An issuer suspects fraud."""
        self.warnings.add(caller.account, warning.id, warning)
        self._warning_of[warning.charge] = warning.id
        self.tell(caller, Happened("radar.early_fraud_warning.created", warning))

    def tell(self, caller: Caller, happened: Happened) -> None:
        """Record an event and hand it to every endpoint that listens."""
        listening = [e for e in self.endpoints.values() if e.hears(caller.account, happened.type)]
        event = Event(
            id=new_id("evt"),
            api_version=API_VERSION,
            created=self.now(),
            data=EventData(object=happened.object, previous_attributes=happened.previous),
            livemode=caller.livemode,
            pending_webhooks=len(listening),
            request=caller.request,
            type=happened.type,
        )
        self.events.add(caller.account, event.id, event)
        for endpoint in listening:
            self._deliveries.send(event, endpoint, self.metadata_of(caller.account, happened.object))

    def metadata_of(self, account: str, about: msgspec.Struct) -> dict[str, str]:
        """An object's own metadata; for what follows a payment, on top of the payment's."""
        own: dict[str, str] = getattr(about, "metadata", {})
        if not isinstance(about, Refund | Dispute | EarlyFraudWarning):
            return own
        intent = self.intents.get(account, about.payment_intent)
        return own if intent is None else intent.metadata | own

    def pending_webhooks(self, event_id: str) -> int:
        """How many endpoints have yet to take the event."""
        return self._deliveries.pending(event_id)

    def charges_of(self, account: str, intent_id: str) -> list[Charge]:
        """The intent's attempts, newest first."""
        found = (self.charges.get(account, charge_id) for charge_id in self._charges_of.get(intent_id, ()))
        return [charge for charge in found if charge is not None][::-1]

    def refunds_of(self, account: str, charge_id: str) -> list[Refund]:
        """The charge's refunds, newest first."""
        found = (self.refunds.get(account, refund_id) for refund_id in self._refunds_of.get(charge_id, ()))
        return [refund for refund in found if refund is not None][::-1]

    def disputes_of(self, account: str, charge_id: str) -> list[Dispute]:
        """The charge's disputes, newest first."""
        found = (
            self.disputes.get(account, dispute_id) for dispute_id in self._disputes_of.get(charge_id, ())
        )
        return [dispute for dispute in found if dispute is not None][::-1]

    def movements_of(self, account: str, source: str) -> list[Movement]:
        """What a charge, a refund or a dispute did to the balance, newest first."""
        found = (
            self.movements.get(account, movement_id) for movement_id in self._movement_ids(account, source)
        )
        return [movement for movement in found if movement is not None][::-1]

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
            case "dp":
                return self.disputes.get(account, object_id)
            case "pm":
                stored = self.payment_methods.get(account, object_id)
                return None if stored is None else stored.method
            case "re":
                return self.refunds.get(account, object_id)
            case "txn":
                movement = self.movements.get(account, object_id)
                return None if movement is None else shown(movement, now=self.now())
            case _:
                return None

    def challenge(self, challenge_id: str) -> Challenge | None:
        """The authentication that waits under this name."""
        return self._challenges.get(challenge_id)

    def open_challenge(self, challenge: Challenge) -> None:
        """The customer is sent to authenticate; an earlier challenge of the intent is void."""
        self.close_challenge(challenge.intent_id)
        self._challenges[challenge.id] = challenge
        self._challenge_of[challenge.intent_id] = challenge.id

    def close_challenge(self, intent_id: str, *, authenticated: bool = False) -> None:
        """The challenge is over. `authenticated` is remembered until the intent is confirmed again."""
        self._challenges.pop(self._challenge_of.pop(intent_id, ""), None)
        if authenticated:
            self._authenticated.add(intent_id)
        else:
            self._authenticated.discard(intent_id)

    def is_authenticated(self, intent_id: str) -> bool:
        """Whether the customer authenticated and the confirmation that follows has not come yet."""
        return intent_id in self._authenticated

    def clear(self) -> None:
        """Forget every object and every endpoint that was made over the API; those of the command line stay."""
        for shelf in (
            self.payment_methods,
            self.intents,
            self.charges,
            self.refunds,
            self.disputes,
            self.warnings,
            self.movements,
            self.events,
        ):
            shelf.clear()
        self.agenda.clear()
        self.endpoints = {key: end for key, end in self.endpoints.items() if end.account is None}
        self.by_metadata.clear()
        for index in (
            self._charges_of,
            self._refunds_of,
            self._disputes_of,
            self._warning_of,
            self._challenges,
            self._challenge_of,
            self._authenticated,
        ):
            index.clear()

    def _movement_ids(self, account: str, source: str) -> list[str]:
        """Oldest first. They are named in the source itself, so that movements need no index."""
        charge = self.charges.get(account, source)
        refund = self.refunds.get(account, source)
        dispute = self.disputes.get(account, source)
        named: list[object] = []
        if charge is not None:
            named = [charge.balance_transaction]
        elif refund is not None:
            named = [refund.balance_transaction, refund.failure_balance_transaction]
        elif dispute is not None:
            named = [transaction.id for transaction in dispute.balance_transactions]
        return [movement_id for movement_id in named if isinstance(movement_id, str)]

    def _put_charge(self, account: str, charge: Charge) -> None:
        if self.charges.get(account, charge.id) is not None:
            self.charges.replace(charge.id, charge)
            return
        self.charges.add(account, charge.id, charge)
        self._charges_of[charge.payment_intent] = (
            *self._charges_of.get(charge.payment_intent, ()),
            charge.id,
        )

    def _enter(self, account: str, later: Later | None) -> None:
        if later is not None:
            due = Due(account=account, kind=later.kind, object_id=later.object_id)
            delay = self.aftermath_delay_seconds if later.at is None else later.at - self._clock()
            self.agenda.enter(due, after_seconds=delay)

    def _drop_children(self, account: str, intent_id: str, intent: PaymentIntent) -> None:
        self.by_metadata.forget(account, intent)
        for charge_id in self._charges_of.pop(intent_id, ()):
            charge = self.charges.get(account, charge_id)
            if charge is not None:
                self.charges.discard(charge_id)
                self._drop_sequels(account, charge_id, charge)
        self.close_challenge(intent_id)
        self.agenda.strike(intent_id)

    def _drop_sequels(self, account: str, charge_id: str, charge: Charge) -> None:
        """`charge` is no longer in its shelf when this is called."""
        gone = [charge.balance_transaction] if isinstance(charge.balance_transaction, str) else []
        for refund_id in self._refunds_of.pop(charge_id, ()):
            gone += self._movement_ids(account, refund_id)
            self.refunds.discard(refund_id)
            self.agenda.strike(refund_id)
        for dispute_id in self._disputes_of.pop(charge_id, ()):
            gone += self._movement_ids(account, dispute_id)
            self.disputes.discard(dispute_id)
            self.agenda.strike(dispute_id)
        self.warnings.discard(self._warning_of.pop(charge_id, ""))
        self.agenda.strike(charge_id)
        for movement_id in gone:
            self.movements.discard(movement_id)


C = TypeVar("C", Dispute, Refund)


def _put(shelf: Shelf[C], ids_of: dict[str, tuple[str, ...]], account: str, child: C) -> None:
    """A refund or dispute, new or moved, on its shelf and in the index by its charge."""
    if shelf.get(account, child.id) is not None:
        shelf.replace(child.id, child)
        return
    shelf.add(account, child.id, child)
    ids_of[child.charge] = (*ids_of.get(child.charge, ()), child.id)
