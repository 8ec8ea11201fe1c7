"""How the webhooks that FinCore sends to merchants are documented."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.http.openapi import Content, Operation, Parameter
from fincore.notify.message import BODY_BYTES_MAX
from fincore.notify.retry_schedule import ATTEMPTS_MAX, DELAYS_SECONDS
from fincore.notify.sender import TIMEOUT_SECONDS

WEBHOOK: Final = Operation(
    operation_id="receive_event",
    summary="Receive an event",
    description=(
        "FinCore sends this request to your webhook endpoints when something happened to a charge or a checkout session. Verify "
        "the signature over the bytes of the body before you believe it. FinCore may send a webhook twice, "
        "with the same `webhook-id`, "
        f"and out of order. Answer within {TIMEOUT_SECONDS:g} seconds. The body has at most {BODY_BYTES_MAX:,} bytes."
    ),
    tag="Webhooks",
    is_authenticated=False,
    parameters=(
        Parameter(
            name="webhook-id",
            place="header",
            is_required=True,
            description="The delivery's id, the same with every attempt. Do nothing for an id that you have "
            "processed.",
            schema={"type": "string", "examples": ["msg_01kab5m5wvfb9v1c2m5hfv0d2e"]},
        ),
        Parameter(
            name="webhook-timestamp",
            place="header",
            is_required=True,
            description="When FinCore sent this attempt, in seconds since 1970. Refuse one more than 5 "
            "minutes off.",
            schema={"type": "string", "pattern": "^[0-9]+$", "examples": ["1795477069"]},
        ),
        Parameter(
            name="webhook-signature",
            place="header",
            is_required=True,
            description="Signatures, separated by spaces: `v1,` and the base64 of an HMAC-SHA-256 over "
            "`{webhook-id}.{webhook-timestamp}.{body}`. Its key is what follows `whsec_` in the endpoint's "
            "secret, decoded from base64. Accept the request if one of them is right.",
            schema={
                "type": "string",
                "examples": ["v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="],
            },
        ),
    ),
    request_body=Content(shape={"$ref": "#/components/schemas/WebhookMessage"}, description="What happened."),
    responses={
        200: Content(shape={}, description="Any 2xx: you have the event. FinCore does not send it again."),
        410: Content(shape={}, description="The URL is gone. FinCore disables the endpoint."),
        500: Content(
            shape={},
            description="Any other status: FinCore sends the webhook again, in all "
            f"{ATTEMPTS_MAX} times over {sum(DELAYS_SECONDS) // 3_600} hours.",
        ),
    },
)

WEBHOOKS: Final[Mapping[str, Operation]] = MappingProxyType({"event": WEBHOOK})
"""Name -> the request that FinCore sends."""
