"""Further accounts at the PSP sandbox, declared in a file as an operator declares them, with secrets in files of their own."""

import base64
import json
import secrets
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

CALL_TIMEOUT_SECONDS: Final = 10.0


class SandboxAccount(NamedTuple):
    """An account at a sandbox. `secrets`: what FinCore is given of it, by the names of the fields in the file."""

    sandbox_url: str
    psp: Literal["stripe", "paypal"]
    name: str
    is_default: bool
    secrets: Mapping[str, str]


def new_stripe_account(
    sandbox_url: str, name: str, webhook_url: str, *, is_default: bool = False
) -> SandboxAccount:
    """An account at the sandbox's Stripe, with a webhook endpoint of its own."""
    key = f"sk_test_{secrets.token_hex(16)}"
    form = urllib.parse.urlencode({"url": webhook_url, "enabled_events[0]": "*"}).encode()
    made = _posted(f"{sandbox_url}/v1/webhook_endpoints", form, f"Bearer {key}")
    return SandboxAccount(
        sandbox_url=sandbox_url,
        psp="stripe",
        name=name,
        is_default=is_default,
        secrets={
            "secret_key": key,
            "webhook_secrets": made["secret"],
            "publishable_key": key.replace("sk_", "pk_", 1),
        },
    )


def new_paypal_account(
    sandbox_url: str, name: str, webhook_url: str, *, is_default: bool = False
) -> SandboxAccount:
    """An account at the sandbox's PayPal, with a webhook of its own."""
    client_id, client_secret = f"A{secrets.token_urlsafe(48)}", f"E{secrets.token_urlsafe(48)}"
    basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    grant = _posted(f"{sandbox_url}/v1/oauth2/token", b"grant_type=client_credentials", f"Basic {basic}")
    wanted = json.dumps({"url": webhook_url, "event_types": [{"name": "*"}]}).encode()
    made = _posted(f"{sandbox_url}/v1/notifications/webhooks", wanted, f"Bearer {grant['access_token']}")
    return SandboxAccount(
        sandbox_url=sandbox_url,
        psp="paypal",
        name=name,
        is_default=is_default,
        secrets={"client_id": client_id, "client_secret": client_secret, "webhook_id": made["id"]},
    )


def write_accounts_file(
    folder: Path, accounts: Sequence[SandboxAccount], reference: Callable[[str, str, str], str]
) -> Path:
    """A file that declares the accounts, in test mode. `reference` is how it refers to a secret, by PSP, account and field."""
    lines: list[str] = []
    for account in accounts:
        lines += [
            "[[account]]",
            f'psp = "{account.psp}"',
            f'name = "{account.name}"',
            'mode = "test"',
            f"default = {'true' if account.is_default else 'false'}",
            f'base_url = "{account.sandbox_url}"',
        ]
        if account.psp == "paypal":
            authority = folder / f"paypal-{account.name}-authority.pem"
            authority.write_bytes(_got(f"{account.sandbox_url}/sandbox/paypal/certificate_authority"))
            lines.append(f'ca_file = "{authority}"')
        lines += [f'{field} = "{reference(account.psp, account.name, field)}"' for field in account.secrets]
        lines.append("")
    path = folder / "accounts.toml"
    path.write_text("\n".join(lines))
    return path


def _posted(url: str, body: bytes, authorization: str) -> dict[str, Any]:
    kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
    made: dict[str, Any] = json.loads(_got(url, body, {"Authorization": authorization, "Content-Type": kind}))
    return made


def _got(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 - our own sandbox
    with urllib.request.urlopen(request, timeout=CALL_TIMEOUT_SECONDS) as answer:  # noqa: S310 - our own sandbox
        content: bytes = answer.read()
        return content
