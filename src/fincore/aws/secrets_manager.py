"""Secrets of AWS Secrets Manager by name or ARN, in their present version or the one before it."""

from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from fincore.aws.refusals import said_by

VersionStage = Literal["AWSCURRENT", "AWSPREVIOUS"]
SECRET_CHARACTERS_MAX: Final = 65_536
"""As long as a secret of Secrets Manager may be."""


class SecretsManagerClient(Protocol):
    """What is used of the client of botocore, which blocks. It raises `ClientError` and `BotoCoreError`."""

    def get_secret_value(self, **request: Any) -> Mapping[str, Any]: ...


class SecretRefused(Exception):
    """There is no such text; the message is a clause that says why, and holds no secret."""


def secret_text(client: SecretsManagerClient, name: str, stage: VersionStage) -> str | None:
    """The text of one version of a secret; None where it has no version at that stage. Raises `SecretRefused`.

    What follows a `#` in the name picks one value of a JSON object, as consoles and rotation functions keep them.
    """
    secret_id, _, key = name.partition("#")
    try:
        answer = client.get_secret_value(SecretId=secret_id, VersionStage=stage)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "ResourceNotFoundException":
            if stage == "AWSPREVIOUS":
                return None
            raise SecretRefused(f"Secrets Manager has no secret {secret_id} with a value") from None
        raise SecretRefused(f"{said_by('Secrets Manager', error)}: {secret_id}") from None
    except (BotoCoreError, OSError) as error:
        raise SecretRefused(f"{said_by('Secrets Manager', error)}: {secret_id}") from None
    text = answer.get("SecretString")
    if not isinstance(text, str) or len(text) > SECRET_CHARACTERS_MAX:
        raise SecretRefused(f"the secret {secret_id} is no text")
    if key:
        text = _value(text, secret_id, key)
    if not text.strip():
        raise SecretRefused(f"the secret {name} is empty")
    return text.strip()


def _value(text: str, secret_id: str, key: str) -> str:
    try:
        values = msgspec.json.decode(text)
    except msgspec.DecodeError:
        values = None
    value = values.get(key) if isinstance(values, dict) else None
    if not isinstance(value, str):
        raise SecretRefused(f"the secret {secret_id} is no JSON object with a text {key}")
    return value
