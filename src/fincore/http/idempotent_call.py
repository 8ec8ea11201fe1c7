"""What all POSTs with an `Idempotency-Key` share: the key, the wish to wait, the body, the answer."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypedDict, TypeVar

import msgspec

from fincore.domain.ids import MerchantId, RequestId
from fincore.http.exchange import JSON, PROBLEM_JSON, Call, Response
from fincore.http.idempotency_key import KEY_HEADER_PATTERN, fingerprint_of, read_key
from fincore.http.json_body import decode_body
from fincore.http.openapi import Parameter
from fincore.http.problems import PROBLEMS, Problem, ProblemCode
from fincore.write.merchants.api_key import Principal
from fincore.write.payments.idempotent_requests import Refused, Responded

BODY_BYTES_MAX: Final = 384 * 1024
"""Every text at its bound fits, however it is escaped: metadata has 27,000 characters of up to 12 bytes (`\\ud83d\\ude00`)."""
WAIT_SECONDS_MAX: Final = 30
CONFLICT_RETRY_AFTER_SECONDS: Final = 1

IDEMPOTENT_PROBLEMS: Final[tuple[ProblemCode, ...]] = (
    "json_invalid",
    "idempotency_key_missing",
    "idempotency_key_invalid",
    "idempotency_key_in_use",
    "idempotency_key_reused",
    "body_too_slow",
    "body_too_large",
    "media_type_unsupported",
    "field_repeated",
    "field_unknown",
    "field_invalid",
    "text_not_storable",
)
"""What each of these POSTs may answer beside its own problems."""
RESPONSE_HEADERS: Final = ("Idempotent-Replayed", "Preference-Applied")
IDEMPOTENCY_KEY: Final = Parameter(
    name="Idempotency-Key",
    place="header",
    is_required=True,
    description=(
        "A key of your own for what you intend, such as a UUID: 1 to 255 printable ASCII characters, in double quotes "
        "if there is a space, a comma or a double quote among them. For 72 hours the same request with the same key gets "
        "the same response, byte for byte. While the first request is in progress, a repetition gets 409 "
        "`idempotency_key_in_use` after 5 seconds, or after its own `Prefer: wait` if that is longer."
    ),
    schema={"type": "string", "pattern": KEY_HEADER_PATTERN, "examples": ["order-6735-attempt-1"]},
)
PREFER: Final = Parameter(
    name="Prefer",
    place="header",
    description=(
        "`wait=N`: answer when the outcome is known, or after N seconds (30 at most) with what is known then (RFC 7240). "
        "If too many requests wait already, FinCore answers at once, without `Preference-Applied`. It ignores other "
        "preferences."
    ),
    schema={"type": "string", "examples": ["wait=10"]},
)
READ_HEADERS: Final = ("Preference-Applied",)
PREFER_READ: Final = Parameter(
    name="Prefer",
    place="header",
    description=(
        "`wait=N`: answer when it has left the state that it is in when the request arrives, or after N seconds (30 at "
        "most) with what is known then (RFC 7240). FinCore ignores other preferences."
    ),
    schema={"type": "string", "examples": ["wait=10"]},
)

T = TypeVar("T")

_WAIT: Final = re.compile(r'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=[;,]|$)', re.IGNORECASE | re.ASCII)
_PARAMS: Final[Mapping[ProblemCode, str]] = MappingProxyType(
    {
        "idempotency_key_in_use": "Idempotency-Key",
        "idempotency_key_reused": "Idempotency-Key",
        "amount_not_expressible": "amount_minor",
        "amount_too_large": "amount_minor",
        "amount_too_small": "amount_minor",
        "checkout_session_not_found": "session_id",
        "currency_not_supported": "currency",
        "capture_amount_too_large": "amount_minor",
        "payment_method_not_taken": "payment_method",
        "refund_amount_too_large": "amount_minor",
    }
)
"""What is at fault, where it is always the same."""


class CommandFields(TypedDict):
    """The fields of `Command`."""

    merchant_id: MerchantId
    livemode: bool
    actor: str
    request_id: RequestId
    idempotency_key: str
    fingerprint: bytes
    wait_seconds: float


def idempotency_key(call: Call) -> str:
    """The call's key. Raises `idempotency_key_missing` and `idempotency_key_invalid`."""
    header = call.header(b"idempotency-key")
    if header is None:
        raise Problem("idempotency_key_missing", param="Idempotency-Key")
    key = read_key(header)
    if key is None:
        raise Problem("idempotency_key_invalid", param="Idempotency-Key")
    return key


def command_fields(call: Call, principal: Principal, key: str, request: msgspec.Struct) -> CommandFields:
    """What every command has, of a call with a valid body: only now may the call take a place among those that wait."""
    return {
        "merchant_id": principal.merchant_id,
        "livemode": principal.livemode,
        "actor": principal.key_id,
        "request_id": call.request_id,
        "idempotency_key": key,
        "fingerprint": fingerprint_of(call.method, call.path, request),
        "wait_seconds": wait_seconds(call),
    }


def wait_seconds(call: Call) -> float:
    """How long to wait for the outcome: as long as the client will (RFC 7240), and not at all where too many wait.

    Other preferences, and what cannot be read, are ignored.
    """
    wished = _WAIT.search(",".join(call.header_values(b"prefer")))
    seconds = float(min(int(wished[1]), WAIT_SECONDS_MAX)) if wished else 0.0
    return seconds if seconds and call.may_wait() else 0.0


def wait_headers(waited_seconds: float) -> tuple[tuple[str, str], ...]:
    """The headers of an answer to a GET: whether the client's wish to wait was honoured."""
    return (("preference-applied", "wait"),) if waited_seconds else ()


async def read_request(call: Call, decoder: msgspec.json.Decoder[T], *, if_empty: T | None = None) -> T:
    """What a call's body asks for; `if_empty` where there is no body and none is needed.

    Raises the problems of `call.body` and `decode_body`, and `media_type_unsupported`.
    """
    if if_empty is None:
        _require_json(call)
    body = await call.body(bytes_max=BODY_BYTES_MAX)
    if if_empty is not None:
        if not body:
            return if_empty
        _require_json(call)
    return decode_body(decoder, body)


def response_of(result: Responded | Refused, *, charge_param: str | None = None) -> Response:
    """An answer as it is sent; raises the problem for what was refused. `charge_param` is what names the charge."""
    if isinstance(result, Refused):
        raise Problem(
            result.code,
            result.detail,
            param=charge_param
            if result.code == "charge_not_found"
            else result.param or _PARAMS.get(result.code),
            headers=(("retry-after", str(CONFLICT_RETRY_AFTER_SECONDS)),)
            if PROBLEMS[result.code].retryable
            else (),
        )
    response = result.response
    headers: list[tuple[str, str]] = []
    if response.location is not None:
        headers.append(("location", response.location))
    if result.is_replay:
        headers.append(("idempotent-replayed", "true"))
    if result.has_waited:
        headers.append(("preference-applied", "wait"))
    media_type = JSON if response.status < 400 else PROBLEM_JSON  # noqa: PLR2004 -- the line HTTP draws
    return Response(response.status, response.body, media_type, tuple(headers))


def _require_json(call: Call) -> None:
    media_type = call.header(b"content-type") or ""
    if media_type.partition(";")[0].strip().lower() != JSON:
        raise Problem("media_type_unsupported", param="Content-Type")
