"""PayPal's API: tokens, PayPal-Request-Id, routes. A request is first admitted, which changes nothing, then executed."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from psp_sandbox.idempotency import IdempotencyMemory, Lookup
from psp_sandbox.messages import Request, Response
from psp_sandbox.paypal import (
    authorizations,
    balance_report,
    captures,
    disputes,
    notifications,
    orders,
    tokens,
    transactions,
    vault,
)
from psp_sandbox.paypal.call import Call
from psp_sandbox.paypal.errors import Refusal, error, invalid_token, known, unauthenticated
from psp_sandbox.paypal.oauth import Tokens
from psp_sandbox.paypal.sftp_address import SftpAddress
from psp_sandbox.paypal.store import Store
from psp_sandbox.paypal.webhooks import Webhooks

MAX_REQUEST_ID_CHARS = 108
ORDER_KEPT_SECONDS = 6 * 3_600.0
PAYMENT_KEPT_SECONDS = 45 * 24 * 3_600.0
VAULT_KEPT_SECONDS = 3 * 3_600.0
PREFIXES = (
    "/v1/customer/",
    "/v1/notifications/",
    "/v1/oauth2/",
    "/v1/reporting/balances",
    "/v1/reporting/transactions",
    "/v2/checkout/",
    "/v2/payments/",
    "/v3/vault/",
)
"""The paths that are PayPal's; Stripe has other ones below `/v1/reporting/`."""

_FINGERPRINT_KEY = secrets.token_bytes(32)


class Operation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call. `run` gives its answer, or the id of the object that is shown; `whole`: it is never shown in short.

    `public`: it takes no access token. `kept_seconds`: how long its PayPal-Request-Id is kept; None where it takes none.
    `busy_issue`: what a second call is told while a first one is at work on the same object.
    """

    run: Callable[[Call], Response | str]
    public: bool = False
    whole: bool = False
    status: int = 201
    repeated_status: int = 201
    minimal_status: int | None = None
    kept_seconds: float | None = None
    busy_issue: str | None = None


ROUTES: Mapping[tuple[str, str], Operation] = {
    ("POST", "v1/oauth2/token"): Operation(run=tokens.give, public=True),
    ("GET", "v1/notifications/certs/{}"): Operation(run=notifications.certificate, public=True),
    ("POST", "v1/notifications/verify-webhook-signature"): Operation(run=notifications.verify),
    ("POST", "v1/notifications/webhooks"): Operation(run=notifications.create),
    ("GET", "v1/notifications/webhooks"): Operation(run=notifications.list_webhooks),
    ("GET", "v1/notifications/webhooks/{}"): Operation(run=notifications.show),
    ("DELETE", "v1/notifications/webhooks/{}"): Operation(run=notifications.delete),
    ("GET", "v1/customer/disputes"): Operation(run=disputes.list_disputes),
    ("GET", "v1/customer/disputes/{}"): Operation(run=disputes.show, status=200),
    ("POST", "v1/customer/disputes/{}/accept-claim"): Operation(run=disputes.accept_claim),
    ("POST", "v1/customer/disputes/{}/adjudicate"): Operation(run=disputes.adjudicate),
    ("POST", "v1/customer/disputes/{}/escalate"): Operation(run=disputes.escalate),
    ("POST", "v1/customer/disputes/{}/provide-evidence"): Operation(run=disputes.provide_evidence),
    ("GET", "v1/reporting/balances"): Operation(run=balance_report.show),
    ("GET", "v1/reporting/transactions"): Operation(run=transactions.search),
    ("POST", "v2/checkout/orders"): Operation(
        run=orders.create, repeated_status=200, kept_seconds=ORDER_KEPT_SECONDS
    ),
    ("GET", "v2/checkout/orders/{}"): Operation(run=orders.show, status=200),
    ("POST", "v2/checkout/orders/{}/capture"): Operation(
        run=orders.capture,
        repeated_status=200,
        kept_seconds=ORDER_KEPT_SECONDS,
        busy_issue="ORDER_COMPLETION_IN_PROGRESS",
    ),
    ("POST", "v2/checkout/orders/{}/authorize"): Operation(
        run=orders.authorize, repeated_status=200, kept_seconds=ORDER_KEPT_SECONDS
    ),
    ("GET", "v2/payments/authorizations/{}"): Operation(run=authorizations.show, status=200),
    ("POST", "v2/payments/authorizations/{}/capture"): Operation(
        run=authorizations.capture, kept_seconds=PAYMENT_KEPT_SECONDS
    ),
    ("POST", "v2/payments/authorizations/{}/reauthorize"): Operation(
        run=authorizations.reauthorize, kept_seconds=PAYMENT_KEPT_SECONDS
    ),
    ("POST", "v2/payments/authorizations/{}/void"): Operation(
        run=authorizations.void, status=200, minimal_status=204, busy_issue="PREVIOUS_REQUEST_IN_PROGRESS"
    ),
    ("GET", "v2/payments/captures/{}"): Operation(run=captures.show, status=200),
    ("POST", "v2/payments/captures/{}/refund"): Operation(
        run=captures.refund, kept_seconds=PAYMENT_KEPT_SECONDS, busy_issue="PREVIOUS_REQUEST_IN_PROGRESS"
    ),
    ("GET", "v2/payments/refunds/{}"): Operation(run=captures.show_refund, status=200),
    ("POST", "v3/vault/setup-tokens"): Operation(
        run=vault.create_setup_token, whole=True, repeated_status=200, kept_seconds=VAULT_KEPT_SECONDS
    ),
    ("GET", "v3/vault/setup-tokens/{}"): Operation(run=vault.show_setup_token, status=200),
    ("POST", "v3/vault/payment-tokens"): Operation(
        run=vault.create_payment_token, whole=True, repeated_status=200, kept_seconds=VAULT_KEPT_SECONDS
    ),
    ("GET", "v3/vault/payment-tokens"): Operation(run=vault.list_payment_tokens),
    ("GET", "v3/vault/payment-tokens/{}"): Operation(run=vault.show_payment_token, status=200),
    ("DELETE", "v3/vault/payment-tokens/{}"): Operation(run=vault.delete_payment_token),
}
"""Method and path, `{}` standing for an id. What is not here does not exist."""

OPERATIONS = frozenset(f"{method} {route}" for method, route in ROUTES)
"""Every call there is, as it is counted and as a fault names it."""


class Admitted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request that is let in. `account` is empty where no token is needed."""

    account: str
    named: str
    operation: Operation
    request: Request
    request_id: str | None
    route: str

    @property
    def name(self) -> str:
        """The operation as issues, faults and counts name it."""
        return f"{self.request.method} {self.route}"


class PayPalApi:
    """The dialect as a whole. Not reentrant, and need not be: nothing in it waits.

    `sftp`: where the reports are, once there is such a server.
    """

    sftp: SftpAddress | None = None

    def __init__(
        self, *, store: Store, tokens: Tokens, webhooks: Webhooks, memory: IdempotencyMemory[str]
    ) -> None:
        self.store = store
        self.tokens = tokens
        self.webhooks = webhooks
        self.memory = memory
        self._at_work: set[str] = set()

    def admit(self, request: Request) -> Admitted | Response:
        """Let the request in, or say what it gets instead: 401, 404, 409. Changes nothing."""
        route, named = routed(request)
        operation = ROUTES.get((request.method, route))
        account: str | None = ""
        if operation is None or not operation.public:
            scheme, _, token = request.headers.get(b"authorization", b"").partition(b" ")
            if scheme.lower() != b"bearer":
                return unauthenticated(debug_id(request))
            account = self.tokens.account(token.strip())
        if account is None:
            return invalid_token("Access Token not found in cache")
        if operation is None:
            return error(404, debug_id(request))
        admitted = Admitted(
            account=account,
            named=named,
            operation=operation,
            request=request,
            request_id=request.header(b"paypal-request-id") if operation.kept_seconds is not None else None,
            route=route,
        )
        if operation.busy_issue is not None and named in self._at_work:
            return Refusal(operation.busy_issue).response(admitted.name, debug_id(request))
        return admitted

    def begin(self, admitted: Admitted) -> None:
        """From now until `end`, other calls that exclude this one are told so."""
        if admitted.operation.busy_issue is not None:
            self._at_work.add(admitted.named)

    def end(self, admitted: Admitted) -> None:
        """The call is over."""
        if admitted.operation.busy_issue is not None:
            self._at_work.discard(admitted.named)

    def execute(self, admitted: Admitted) -> Response:
        """Carry the request out, or show again what an earlier one with its PayPal-Request-Id made."""
        try:
            return self._carried_out(admitted, admitted.operation)
        except Refusal as refusal:
            return refusal.response(admitted.name, debug_id(admitted.request))
        finally:
            self.end(admitted)

    def clear(self) -> None:
        """Forget everything."""
        self.store.clear()
        self.tokens.clear()
        self.webhooks.clear()
        self.memory.clear()
        self._at_work.clear()

    def _carried_out(self, admitted: Admitted, operation: Operation) -> Response:
        account, key, request = admitted.account, admitted.request_id, admitted.request
        if (mocked := _mocked_issue(admitted)) is not None:
            raise Refusal(mocked)
        if key is not None and not 0 < len(key) <= MAX_REQUEST_ID_CHARS:
            raise Refusal("INVALID_STRING_LENGTH", field="PayPal-Request-Id", value=key)
        memory_key = f"{admitted.name} {admitted.named} {key}"
        fingerprint = b"" if key is None else _fingerprint(request)
        if key is not None:
            known_as = self.memory.look_up(account, memory_key, fingerprint)
            if known_as is Lookup.OTHER_PARAMETERS:
                raise Refusal("DUPLICATE_REQUEST_ID", field="PayPal-Request-Id", value=key)
            if isinstance(known_as, str):
                return self._shown(admitted, operation, known_as, operation.repeated_status)
        call = Call(
            account=account,
            named=admitted.named,
            request=request,
            request_id=key,
            store=self.store,
            tokens=self.tokens,
            webhooks=self.webhooks,
        )
        object_id = operation.run(call)
        if isinstance(object_id, Response):
            return object_id
        if key is not None and operation.kept_seconds is not None:
            self.memory.begin(account, memory_key, fingerprint, kept_seconds=operation.kept_seconds)
            self.memory.finish(account, memory_key, object_id)
        return self._shown(admitted, operation, object_id, operation.status)

    def _shown(self, admitted: Admitted, operation: Operation, object_id: str, status: int) -> Response:
        """The object as it is now: whole where it was asked for, else its id, status and links."""
        body = self.store.body(admitted.account, object_id)
        prefer = admitted.request.header(b"prefer") or ""
        if operation.whole or admitted.request.method == "GET" or "return=representation" in prefer:
            return Response(status=status, payload=body)
        if operation.minimal_status is not None:
            return Response(status=operation.minimal_status, payload=b"")
        return Response(status=status, payload={name: body[name] for name in ("id", "status", "links")})


def debug_id(request: Request) -> str:
    """What PayPal's support would be given to find the call."""
    return request.id[-13:].lower()


def routed(request: Request) -> tuple[str, str]:
    """The path with `{}` in place of the id, and the id."""
    steps = request.path.removeprefix("/").split("/")
    if len(steps) > 3:  # noqa: PLR2004 - v2, the API, the collection
        return "/".join([*steps[:3], "{}", *steps[4:]]), steps[3]
    return "/".join(steps), ""


def body_of(request: Request) -> Mapping[str, Any]:
    """The request's body; empty where it cannot be read."""
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return body if isinstance(body, dict) else {}


def _mocked_issue(admitted: Admitted) -> str | None:
    """What PayPal-Mock-Response asks for. Raises Refusal: not an issue that the operation has."""
    header = admitted.request.header(b"paypal-mock-response")
    if header is None:
        return None
    try:
        issue = msgspec.json.decode(header).get("mock_application_codes")
    except (msgspec.DecodeError, AttributeError):
        issue = None
    if not isinstance(issue, str) or not known(admitted.name, issue):
        raise Refusal("INVALID_PARAMETER_VALUE", field="PayPal-Mock-Response", value=header)
    return issue


def _fingerprint(request: Request) -> bytes:
    """A keyed digest of the body, the order of its fields aside; a card number in it cannot be guessed from it."""
    body = msgspec.json.encode(body_of(request), order="deterministic")
    return hashlib.blake2b(body, digest_size=16, key=_FINGERPRINT_KEY).digest()
