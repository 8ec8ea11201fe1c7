"""Further accounts at the PSP sandbox, declared in a file as an operator declares them, with secrets in files of their own."""

import json
import secrets
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

CALL_TIMEOUT_SECONDS: Final = 10.0


class SandboxAccount(NamedTuple):
    """An account at the sandbox. `secrets`: what FinCore is given of it, by the names of the fields in the file."""

    psp: str
    name: str
    is_default: bool
    secrets: Mapping[str, str]


def new_stripe_account(sandbox_url: str, name: str, webhook_url: str, *, is_default: bool) -> SandboxAccount:
    """An account at Stripe with a webhook endpoint of its own."""
    key = f"sk_test_{secrets.token_hex(16)}"
    form = urllib.parse.urlencode({"url": webhook_url, "enabled_events[0]": "*"}).encode()
    made = _called(f"{sandbox_url}/v1/webhook_endpoints", form, {"Authorization": f"Bearer {key}"})
    return SandboxAccount(
        psp="stripe",
        name=name,
        is_default=is_default,
        secrets={"secret_key": key, "webhook_secrets": made["secret"]},
    )


def write_accounts_file(folder: Path, sandbox_url: str, accounts: tuple[SandboxAccount, ...]) -> Path:
    """A file that declares the accounts, in test mode."""
    folder.mkdir(exist_ok=True)
    lines: list[str] = []
    for account in accounts:
        lines += [
            "[[account]]",
            f'psp = "{account.psp}"',
            f'name = "{account.name}"',
            'mode = "test"',
            f"default = {'true' if account.is_default else 'false'}",
            f'base_url = "{sandbox_url}"',
        ]
        for field, secret in account.secrets.items():
            file = folder / f"{account.psp}-{account.name}-{field}"
            file.write_text(secret)
            lines.append(f'{field} = "file:{file}"')
        lines.append("")
    path = folder / "accounts.toml"
    path.write_text("\n".join(lines))
    return path


def _called(url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310 - our own sandbox
    with urllib.request.urlopen(request, timeout=CALL_TIMEOUT_SECONDS) as answer:  # noqa: S310 - our own sandbox
        made: dict[str, Any] = json.load(answer)
        return made
