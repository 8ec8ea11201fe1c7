"""Stripe's API: keys, idempotency, routes. A request is first admitted, which changes nothing, then executed."""

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Callable

import msgspec

from psp_sandbox.form import MalformedForm, decode
from psp_sandbox.idempotency import IdempotencyMemory, Lookup
from psp_sandbox.ids import new_id
from psp_sandbox.messages import Request, Response
from psp_sandbox.stripe import (
    balance_transactions,
    charges,
    checkout_sessions,
    customers,
    disputes,
    events,
    payment_intent_updates,
    payment_intents,
    payment_methods,
    payouts,
    publishable,
    refunds,
    reports,
    tokens,
    webhook_endpoints,
)
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.errors import Refusal, api_error, idempotency_error, invalid_request, unauthorized
from psp_sandbox.stripe.store import Caller, Store
from psp_sandbox.stripe.wire import EventRequest

MAX_KEY_CHARS = 255
MAX_KNOWN_CREDENTIALS = 10_000
ID_PLACES = 3
"""An id is the second step of a path, or the third where the resource has two."""

Handler = Callable[[Call], Response]

ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", "customers"): customers.create,
    ("GET", "customers"): customers.list_customers,
    ("GET", "customers/{}"): customers.retrieve,
    ("POST", "customers/{}"): customers.update,
    ("DELETE", "customers/{}"): customers.delete,
    ("POST", "payment_methods"): payment_methods.create,
    ("GET", "payment_methods"): payment_methods.list_methods,
    ("GET", "payment_methods/{}"): payment_methods.retrieve,
    ("POST", "payment_methods/{}/attach"): customers.attach,
    ("POST", "payment_methods/{}/detach"): customers.detach,
    ("POST", "tokens"): tokens.create,
    ("POST", "payment_intents"): payment_intents.create,
    ("GET", "payment_intents"): payment_intents.list_intents,
    ("GET", "payment_intents/search"): payment_intents.search,
    ("GET", "payment_intents/{}"): payment_intents.retrieve,
    ("POST", "payment_intents/{}"): payment_intent_updates.update,
    ("POST", "payment_intents/{}/confirm"): payment_intents.confirm,
    ("POST", "payment_intents/{}/capture"): payment_intents.capture,
    ("POST", "payment_intents/{}/cancel"): payment_intents.cancel,
    ("GET", "charges"): charges.list_charges,
    ("GET", "charges/search"): charges.search,
    ("GET", "charges/{}"): charges.retrieve,
    ("POST", "checkout/sessions"): checkout_sessions.create,
    ("GET", "checkout/sessions"): checkout_sessions.list_sessions,
    ("GET", "checkout/sessions/{}"): checkout_sessions.retrieve,
    ("POST", "checkout/sessions/{}/expire"): checkout_sessions.expire,
    ("POST", "refunds"): refunds.create,
    ("GET", "refunds"): refunds.list_refunds,
    ("GET", "refunds/{}"): refunds.retrieve,
    ("POST", "refunds/{}"): refunds.update,
    ("POST", "refunds/{}/cancel"): refunds.cancel,
    ("GET", "disputes"): disputes.list_disputes,
    ("GET", "disputes/{}"): disputes.retrieve,
    ("POST", "disputes/{}"): disputes.update,
    ("POST", "disputes/{}/close"): disputes.close,
    ("GET", "radar/early_fraud_warnings"): disputes.list_warnings,
    ("GET", "radar/early_fraud_warnings/{}"): disputes.retrieve_warning,
    ("GET", "balance"): balance_transactions.balance,
    ("GET", "balance_transactions"): balance_transactions.list_transactions,
    ("GET", "balance_transactions/{}"): balance_transactions.retrieve,
    ("GET", "payouts"): payouts.list_payouts,
    ("GET", "payouts/{}"): payouts.retrieve,
    ("POST", "reporting/report_runs"): reports.create,
    ("GET", "reporting/report_runs"): reports.list_runs,
    ("GET", "reporting/report_runs/{}"): reports.retrieve,
    ("GET", "files/{}"): reports.retrieve_file,
    ("GET", "files/{}/contents"): reports.read_file,
    ("GET", "events"): events.list_events,
    ("GET", "events/{}"): events.retrieve,
    ("POST", "webhook_endpoints"): webhook_endpoints.create,
    ("GET", "webhook_endpoints"): webhook_endpoints.list_endpoints,
    ("GET", "webhook_endpoints/{}"): webhook_endpoints.retrieve,
    ("POST", "webhook_endpoints/{}"): webhook_endpoints.update,
    ("DELETE", "webhook_endpoints/{}"): webhook_endpoints.delete,
}
"""Method and path below /v1/, `{}` standing for an id. What is not here does not exist."""

_KEY = re.compile(r"(sk|rk|pk)_(test|live)_(\w{1,240})")
_FINGERPRINT_KEY = secrets.token_bytes(32)


class Credential(msgspec.Struct, frozen=True, gc=False):
    """The account behind a key. The name is a digest of the secret key, which itself is not kept with the objects.

    A publishable key is of the account of the secret key that ends alike.
    """

    account: str
    livemode: bool
    is_publishable: bool


class Admitted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request that is let in: authenticated, routed, and its idempotency key is new."""

    credential: Credential
    handler: Handler
    idempotency_key: str | None
    fingerprint: bytes
    named: str
    request: Request
    route: str


class StripeApi:
    """The dialect as a whole. Not reentrant, and need not be: nothing in it waits."""

    def __init__(
        self, *, store: Store, memory: IdempotencyMemory[Response], public_url: str, search_lag_seconds: float
    ) -> None:
        self.store = store
        self.memory = memory
        self._public_url = public_url
        self._search_lag_seconds = search_lag_seconds
        self._credentials: dict[bytes, Credential] = {}

    def admit(self, request: Request) -> Admitted | Response:
        """Let the request in, or say what it gets instead: 401, 404, a replay, a conflict. Changes nothing."""
        request = publishable.plain(request)
        try:
            credential = self._credential(request)
            route, named, handler = _route(request)
            if credential.is_publishable:
                handler = publishable.handler_of(f"{request.method} {route}")
            key = self._key(request)
            fingerprint = _fingerprint(request) if key is not None else b""
            if key is not None:
                known = self.memory.look_up(credential.account, key, fingerprint)
                if isinstance(known, Response):
                    return msgspec.structs.replace(known, headers=(("Idempotent-Replayed", "true"),))
                _check_new(known, key)
        except Refusal as refusal:
            return refusal.response()
        return Admitted(
            credential=credential,
            handler=handler,
            idempotency_key=key,
            fingerprint=fingerprint,
            named=named,
            request=request,
            route=route,
        )

    def begin(self, admitted: Admitted) -> None:
        """From now until `execute` is done, the same key is a conflict."""
        if admitted.idempotency_key is not None:
            account = admitted.credential.account
            self.memory.begin(account, admitted.idempotency_key, admitted.fingerprint)

    def execute(self, admitted: Admitted) -> Response:
        """Carry the request out and remember the answer under its key, if it began executing at all."""
        try:
            response, remembered = admitted.handler(self._call(admitted)), True
        except Refusal as refusal:
            response, remembered = refusal.response(), refusal.remembered
        except Exception:
            self.remember(admitted, api_error("An unknown error occurred.").response())
            raise
        if admitted.credential.is_publishable:
            response = publishable.shown(response)
        if remembered:
            self.remember(admitted, response)
        elif admitted.idempotency_key is not None:
            self.memory.forget(admitted.credential.account, admitted.idempotency_key)
        return response

    def remember(self, admitted: Admitted, response: Response) -> None:
        """This is what the key answers from now on, after success and failure alike."""
        if admitted.idempotency_key is not None:
            self.memory.finish(admitted.credential.account, admitted.idempotency_key, response)

    def _call(self, admitted: Admitted) -> Call:
        return Call(
            caller=Caller(
                account=admitted.credential.account,
                livemode=admitted.credential.livemode,
                request=EventRequest(id=admitted.request.id, idempotency_key=admitted.idempotency_key),
            ),
            named=admitted.named,
            public_url=self._public_url,
            request=admitted.request,
            search_lag_seconds=self._search_lag_seconds,
            store=self.store,
        )

    def _credential(self, request: Request) -> Credential:
        given = request.headers.get(b"authorization", b"")
        known = self._credentials.get(given)
        if known is None:
            known = _credential_of(given)
            if len(self._credentials) >= MAX_KNOWN_CREDENTIALS:
                self._credentials.clear()
            self._credentials[given] = known
        return known

    def _key(self, request: Request) -> str | None:
        """The idempotency key of a POST; Stripe ignores it elsewhere."""
        key = request.header(b"idempotency-key") if request.method == "POST" else None
        if key is not None and len(key) > MAX_KEY_CHARS:
            message = (
                f"Idempotency keys must be at most {MAX_KEY_CHARS} characters, but yours has {len(key)}."
            )
            raise idempotency_error(message)
        return key or None


OPERATIONS = frozenset(f"{method} {route}" for method, route in ROUTES)
"""Every call there is, as it is counted and as a fault names it."""


def route_of(request: Request) -> str:
    """The path of a request below /v1/, `{}` standing for an id; empty where there is none such."""
    try:
        return _route(request)[0]
    except Refusal:
        return ""


def addressed_metadata(api: StripeApi, admitted: Admitted) -> dict[str, str]:
    """The metadata a request is about: of the object in its URL or of the payment it names, and what it says itself."""
    form = form_of(admitted.request)
    known: dict[str, str] = {}
    for name in (form.get("payment_intent"), form.get("charge"), admitted.named):
        found = api.store.find(admitted.credential.account, name) if isinstance(name, str) else None
        if found is not None:
            known |= api.store.metadata_of(admitted.credential.account, found)
    said = form.get("metadata")
    if isinstance(said, dict):
        known |= {key: value for key, value in said.items() if isinstance(value, str)}
    return known


def form_of(request: Request) -> dict[str, object]:
    """The request's parameters as nested text; empty where they cannot be read."""
    try:
        return dict(decode(request.query if request.method == "GET" else request.body))
    except MalformedForm:
        return {}


def _route(request: Request) -> tuple[str, str, Handler]:
    steps = request.path.removeprefix("/v1/").split("/")
    plain = "/".join(steps)
    handler = ROUTES.get((request.method, plain))
    if handler is not None:
        return plain, "", handler
    for place in range(1, min(len(steps), ID_PLACES)):
        named = "/".join([*steps[:place], "{}", *steps[place + 1 :]])
        handler = ROUTES.get((request.method, named))
        if handler is not None:
            return named, steps[place], handler
    message = (
        f"Unrecognized request URL ({request.method}: {request.path[:200]}). "
        "Please see https://stripe.com/docs or the sandbox's list of endpoints."
    )
    raise invalid_request(message, status=404)


def _check_new(known: Lookup, key: str) -> None:
    if known is Lookup.OTHER_PARAMETERS:
        raise idempotency_error(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request."
        )
    if known is Lookup.IN_FLIGHT:
        raise idempotency_error(
            "There is currently another in-progress request using this Idempotent Key "
            f"(that probably means you submitted twice, and the other request is still going through): {key}. "
            "Please try again later.",
            status=409,
            code="idempotency_key_in_use",
        )


def _credential_of(header: bytes) -> Credential:
    if not header:
        raise unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    scheme, _, rest = header.decode("latin-1").partition(" ")
    key = rest.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode("latin-1").partition(":")[0]
        except binascii.Error:
            key = ""
    found = _KEY.fullmatch(key)
    if found is None or scheme.lower() not in ("bearer", "basic"):
        shown = key[: min(8, len(key) // 2)]
        raise unauthorized(f"Invalid API Key provided: {shown}{'*' * min(len(key) - len(shown), 16)}")
    kind, mode, suffix = found.groups()
    secret = f"sk_{mode}_{suffix}" if kind == "pk" else key
    account = "acct_" + hashlib.blake2b(secret.encode(), digest_size=8).hexdigest()
    return Credential(account, livemode=mode == "live", is_publishable=kind == "pk")


def _fingerprint(request: Request) -> bytes:
    """A keyed digest of what was asked, the order of the fields aside; a card number in it cannot be guessed from it."""
    parts = [request.method.encode(), request.path.encode(), *sorted(request.body.split(b"&"))]
    return hashlib.blake2b(b"\0".join(parts), digest_size=16, key=_FINGERPRINT_KEY).digest()


def new_request_id() -> str:
    """The `Request-Id` of one answer."""
    return new_id("req")
