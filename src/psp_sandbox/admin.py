"""The sandbox's own API under /sandbox/: faults, state, latency, time. No PSP has it; tests and demos do."""

from collections import Counter
from collections.abc import Callable
from random import Random
from urllib.parse import parse_qs

import msgspec

from psp_sandbox.calls import Calls
from psp_sandbox.delivery import Delivery
from psp_sandbox.faults import BadFault, Fault, FaultBook
from psp_sandbox.ids import new_secret
from psp_sandbox.latency import ImpossibleLatency, log_normal
from psp_sandbox.messages import Answer, Request
from psp_sandbox.stripe import machine
from psp_sandbox.stripe.api import StripeApi
from psp_sandbox.stripe.store import Caller
from psp_sandbox.stripe.wire import EventRequest

MAX_VALUES = 1_000_000
NAMED_STEPS = 3
"""Of a path like `payment_intents/{id}/expire`."""


class LatencyOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/latency, in milliseconds; both zero means none."""

    p50_ms: float
    p99_ms: float = 0.0


class SecretOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/webhook_endpoints/{id}/roll_secret. Until then the earlier secrets sign too; 24 h unless said."""

    expire_previous_seconds: float = 86_400.0
    secret: str | None = None


class _Misdirected(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Admin:
    """Answers JSON; mistakes get a 4xx and a sentence."""

    def __init__(
        self,
        *,
        calls: Calls,
        delivery: Delivery,
        faults: FaultBook,
        rng: Random,
        stripe: StripeApi,
    ) -> None:
        self._calls = calls
        self._delivery = delivery
        self._faults = faults
        self._rng = rng
        self._stripe = stripe
        self._operations: dict[tuple[str, str], Callable[[Request, str], Answer]] = {
            ("GET", "healthz"): self._healthz,
            ("GET", "state"): self._state,
            ("POST", "reset"): self._reset,
            ("POST", "latency"): self._set_new_latency,
            ("POST", "faults"): self._add_fault,
            ("GET", "faults"): self._list_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "payment_intents/expire"): self._expire,
            ("POST", "webhook_endpoints/roll_secret"): self._roll_secret,
        }

    def handle(self, request: Request) -> Answer:
        """Route one request."""
        steps = request.path.removeprefix("/sandbox/").split("/")
        named = steps.pop(1) if len(steps) == NAMED_STEPS else ""
        operation = self._operations.get((request.method, "/".join(steps)))
        if operation is None:
            return Answer(
                status=404, payload={"error": f"no such operation: {request.method} {request.path}"}
            )
        try:
            return operation(request, named)
        except (msgspec.DecodeError, BadFault, ImpossibleLatency) as error:
            return Answer(status=400, payload={"error": str(error)})
        except _Misdirected as error:
            return Answer(status=error.status, payload={"error": str(error)})

    def _healthz(self, _request: Request, _named: str) -> Answer:
        return Answer(payload={"status": "ok"})

    def _set_new_latency(self, request: Request, _named: str) -> Answer:
        order = msgspec.json.decode(request.body, type=LatencyOrder)
        self._calls.latency = log_normal(p50_ms=order.p50_ms, p99_ms=order.p99_ms, rng=self._rng)
        return Answer(payload=order)

    def _add_fault(self, request: Request, _named: str) -> Answer:
        self._faults.add(msgspec.json.decode(request.body, type=Fault))
        return Answer(status=201, payload=self._rules())

    def _list_faults(self, _request: Request, _named: str) -> Answer:
        return Answer(payload=self._rules())

    def _clear_faults(self, _request: Request, _named: str) -> Answer:
        self._faults.clear()
        return Answer(payload=self._rules())

    def _rules(self) -> dict[str, object]:
        rules = [
            {**msgspec.to_builtins(rule.fault), "left": rule.left, "fired": rule.fired}
            for rule in self._faults.rules()
        ]
        return {"faults": rules}

    def _state(self, request: Request, _named: str) -> Answer:
        """Sums over all accounts. With ?metadata_key=k, what was paid for each value of that key."""
        by_status: Counter[str] = Counter()
        received: Counter[str] = Counter()
        for _, intent in self._stripe.store.intents.all():
            by_status[intent.status] += 1
            received[intent.currency] += intent.amount_received
        sent = self._delivery.counts
        state: dict[str, object] = {
            "payment_intents": dict(by_status),
            "amount_received": {currency: total for currency, total in received.items() if total},
            "charges": len(self._stripe.store.charges),
            "events": len(self._stripe.store.events),
            "idempotency_keys": len(self._stripe.memory),
            "webhooks": {
                "pending": self._delivery.pending(),
                **{
                    name: sent[name]
                    for name in ("sent", "delivered", "failed_attempts", "abandoned", "dropped", "overflowed")
                },
            },
            "requests": dict(self._calls.counts),
        }
        for key in parse_qs(request.query.decode("latin-1")).get("metadata_key", []):
            state["by_metadata"] = self._by_metadata(key)
        return Answer(payload=state)

    def _by_metadata(self, key: str) -> dict[str, dict[str, int]]:
        """Per value: intents of any status, those that hold or took money, and the minor units taken."""
        found: dict[str, dict[str, int]] = {}
        for _, intent in self._stripe.store.intents.all():
            value = intent.metadata.get(key)
            if value is None or (value not in found and len(found) >= MAX_VALUES):
                continue
            row = found.setdefault(
                value, {"intents": 0, "authorized": 0, "succeeded": 0, "amount_received": 0}
            )
            row["intents"] += 1
            row["authorized"] += intent.status == "requires_capture"
            row["succeeded"] += intent.status == "succeeded"
            row["amount_received"] += intent.amount_received
        return found

    def _reset(self, _request: Request, _named: str) -> Answer:
        self._stripe.store.clear()
        self._stripe.memory.clear()
        self._faults.clear()
        self._delivery.clear()
        self._calls.counts.clear()
        self._calls.latency = log_normal(p50_ms=0, p99_ms=0, rng=self._rng)
        return Answer(payload={"status": "reset"})

    def _expire(self, _request: Request, intent_id: str) -> Answer:
        """An authorization's seven days are over, now."""
        store = self._stripe.store
        account = store.intents.account_of(intent_id)
        intent = None if account is None else store.intents.get(account, intent_id)
        if account is None or intent is None:
            raise _Misdirected(404, f"no payment intent {intent_id}")
        if intent.status != "requires_capture":
            raise _Misdirected(409, f"{intent_id} is {intent.status}; only requires_capture can expire")
        caller = Caller(
            account=account, livemode=intent.livemode, request=EventRequest(id=None, idempotency_key=None)
        )
        charge = store.charges_of(account, intent_id)[0]
        return Answer(payload=store.apply(caller, machine.expire(intent, charge, now=store.now())))

    def _roll_secret(self, request: Request, endpoint_id: str) -> Answer:
        order = msgspec.json.decode(request.body or b"{}", type=SecretOrder)
        endpoint = self._stripe.store.endpoints.get(endpoint_id)
        if endpoint is None:
            raise _Misdirected(404, f"no webhook endpoint {endpoint_id}")
        secret = order.secret or new_secret("whsec")
        endpoint.roll_secret(secret, expire_previous_seconds=order.expire_previous_seconds)
        return Answer(payload={"id": endpoint_id, "secret": secret})
