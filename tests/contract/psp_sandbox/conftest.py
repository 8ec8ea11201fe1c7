"""Stripe's official SDK and a client of PayPal, pointed at the sandbox; what passes is held against the specifications."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import stripe

from fixtures.paypal_client import PayPalClient
from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import problems_of_answer, problems_of_request
from fixtures.webhook_receiver import WebhookReceiver


class CheckedClient(stripe.HTTPClient):
    """The SDK's own transport; what passes through it must be as Stripe documents it. Keeps the last headers."""

    name = "checked"

    def __init__(self) -> None:
        super().__init__()
        self._inner = stripe.RequestsClient(timeout=20)
        self.headers: dict[str, str] = {}

    def request(
        self, method: str, url: str, headers: Any, post_data: Any = None, *, _usage: list[str] | None = None
    ) -> Any:
        """Send one request and check both ways."""
        verb = method.upper()
        body, status, answered = self._inner.request(method, url, headers, post_data)
        self.headers = {name.lower(): value for name, value in answered.items()}
        text = body.decode() if isinstance(body, bytes) else body
        if status < 300:
            assert problems_of_request(verb, url, post_data) == []
        assert problems_of_answer(verb, url, status, json.loads(text)) == []
        return body, status, answered

    def close(self) -> None:
        """Close the SDK's session."""
        self._inner.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def transport() -> Iterator[CheckedClient]:
    """The checked transport, for tests that look at headers."""
    client = CheckedClient()
    yield client
    client.close()


@pytest.fixture
def api_key() -> str:
    """An account of one's own."""
    return f"sk_test_{uuid4().hex}"


@pytest.fixture
def client(psp_sandbox: SandboxProcess, transport: CheckedClient, api_key: str) -> stripe.StripeClient:
    """The official SDK. It does not retry, so that each fault is seen."""
    return stripe.StripeClient(
        api_key,
        base_addresses={"api": psp_sandbox.url},
        http_client=transport,
        max_network_retries=0,
    )


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    """Where webhooks are received."""
    with WebhookReceiver() as listening:
        yield listening


@pytest.fixture
def paypal(psp_sandbox: SandboxProcess) -> PayPalClient:
    """A merchant's calls to the sandbox's PayPal."""
    return PayPalClient(psp_sandbox.url)
