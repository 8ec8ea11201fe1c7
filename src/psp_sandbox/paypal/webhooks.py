"""The webhooks of all accounts: what they are told, and by which authority it is signed."""

from typing import Protocol

from psp_sandbox.ids import new_paypal_id
from psp_sandbox.paypal.certificates import Authority
from psp_sandbox.paypal.webhook import ALL_EVENTS, Webhook
from psp_sandbox.paypal.wire import Body, time_text

MAX_WEBHOOKS = 1_000
MAX_WEBHOOKS_PER_ACCOUNT = 10
CERTIFICATES = "/v1/notifications/certs/"

RESOURCE_TYPES = {
    "CHECKOUT.ORDER": "checkout-order",
    "CUSTOMER.DISPUTE": "dispute",
    "PAYMENT.AUTHORIZATION": "authorization",
    "PAYMENT.CAPTURE": "capture",
    "PAYMENT.REFUND": "refund",
    "VAULT.PAYMENT-TOKEN": "payment_token",
}
"""By the first two words of an event's type."""
ABOUT_REFUNDS = frozenset({"PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED"})
"""Events of captures that show the refund."""


class Deliveries(Protocol):
    """Takes events to webhooks, some time, at least once."""

    def send(
        self, webhook: Webhook, *, event_id: str, event_type: str, metadata: dict[str, str], payload: Body
    ) -> None:
        """Accept the event for delivery; never waits. `metadata` is what the event's object is known by."""


class Webhooks:
    """Where events go. Those given on the command line hear every account, and stay."""

    def __init__(
        self, *, public_url: str, given: tuple[tuple[str, str], ...], deliveries: Deliveries
    ) -> None:
        self.authority = Authority()
        self.public_url = public_url
        self._deliveries = deliveries
        self._webhooks = {
            webhook_id: self._made(webhook_id, None, url, (ALL_EVENTS,)) for webhook_id, url in given
        }

    @property
    def certificate_url(self) -> str:
        """Where the certificate of the signatures is."""
        return f"{self.public_url}{CERTIFICATES}{self.authority.certificate_id}"

    def of(self, account: str) -> list[Webhook]:
        """The webhooks that an account made."""
        return [webhook for webhook in self._webhooks.values() if webhook.account == account]

    def get(self, account: str, webhook_id: str) -> Webhook | None:
        """A webhook that an account made, or one that hears every account."""
        webhook = self._webhooks.get(webhook_id)
        return webhook if webhook is not None and webhook.account in (None, account) else None

    def full(self) -> bool:
        """Whether no account can make another one."""
        return len(self._webhooks) >= MAX_WEBHOOKS

    def add(self, account: str, url: str, event_types: tuple[str, ...]) -> Webhook:
        """A new webhook."""
        webhook = self._made(new_paypal_id(), account, url, event_types)
        self._webhooks[webhook.id] = webhook
        return webhook

    def remove(self, webhook: Webhook) -> None:
        """Nothing is sent to it any more, but for what is on its way."""
        self._webhooks.pop(webhook.id, None)

    def tell(
        self, account: str, event_type: str, resource: Body, *, now: int, metadata: dict[str, str]
    ) -> None:
        """Something happened: send it to every webhook that hears of it."""
        listening = [one for one in self._webhooks.values() if one.hears(account, event_type)]
        if not listening:
            return
        event_id = f"WH-{new_paypal_id()}-{new_paypal_id()}"
        url = f"{self.public_url}/v1/notifications/webhooks-events/{event_id}"
        body: Body = {
            "id": event_id,
            "event_version": "1.0",
            "create_time": time_text(now),
            "resource_type": _resource_type(event_type),
            "resource_version": "2.0",
            "event_type": event_type,
            "summary": _summary(event_type),
            "resource": resource,
            "links": [{"href": url, "rel": "self", "method": "GET"}],
        }
        for webhook in listening:
            self._deliveries.send(
                webhook, event_id=event_id, event_type=event_type, metadata=metadata, payload=body
            )

    def clear(self) -> None:
        """Forget every webhook that an account made."""
        self._webhooks = {key: one for key, one in self._webhooks.items() if one.account is None}

    def _made(self, webhook_id: str, account: str | None, url: str, event_types: tuple[str, ...]) -> Webhook:
        return Webhook(
            webhook_id=webhook_id,
            account=account,
            url=url,
            event_types=event_types,
            certificate_url=self.certificate_url,
            signer=self.authority,
        )


def _resource_type(event_type: str) -> str:
    if event_type in ABOUT_REFUNDS:
        return "refund"
    return RESOURCE_TYPES[event_type.rpartition(".")[0]]


def _summary(event_type: str) -> str:
    *_, subject, happened = event_type.lower().split(".")
    return f"The {subject} is {happened}."
