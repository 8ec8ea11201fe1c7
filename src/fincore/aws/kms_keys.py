"""The port KeyService on AWS KMS: a data key is wrapped and unwrapped by a call, and the key-encryption key stays in KMS."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from fincore.aws.refusals import said_by
from fincore.write.vault.key_service import KeyServiceUnavailable
from fincore.write.vault.vault_keys import KEY_BYTES, ServiceKey

_NOT_OURS: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
"""What KMS says of bytes that the key did not wrap for the context."""


class KmsClient(Protocol):
    """What is used of the client of botocore, which blocks and serves any thread. It raises `ClientError` and `BotoCoreError`."""

    def encrypt(self, **request: Any) -> Mapping[str, Any]: ...
    def decrypt(self, **request: Any) -> Mapping[str, Any]: ...


class KmsKeys:
    """Keys of KMS by their ARN. `client_of` gives the client of a region."""

    def __init__(self, client_of: Callable[[str], KmsClient]) -> None:
        self._client_of = client_of

    async def wrap(self, key: ServiceKey, data_key: bytes, context: Mapping[str, str]) -> bytes:
        """`Encrypt`; the context is the encryption context, which CloudTrail shows."""
        client = self._client_of(key.region)
        answer = await _answer(client.encrypt, key, Plaintext=data_key, EncryptionContext=dict(context))
        wrapped = answer.get("CiphertextBlob")
        if not isinstance(wrapped, bytes) or not wrapped:
            raise KeyServiceUnavailable("KMS answers without a ciphertext: repeat the request")
        return wrapped

    async def unwrap(self, key: ServiceKey, wrapped: bytes, context: Mapping[str, str]) -> bytes | None:
        """`Decrypt` by the key that is named: a key of another account that wrapped the bytes does not count."""
        client = self._client_of(key.region)
        try:
            answer = await _answer(
                client.decrypt, key, CiphertextBlob=wrapped, EncryptionContext=dict(context)
            )
        except _NotOurs:
            return None
        data_key = answer.get("Plaintext")
        return data_key if isinstance(data_key, bytes) and len(data_key) == KEY_BYTES else None


class _NotOurs(Exception):
    """KMS says that the key did not wrap these bytes for this context."""


async def _answer(
    call: Callable[..., Mapping[str, Any]], key: ServiceKey, **request: Any
) -> Mapping[str, Any]:
    try:
        return await asyncio.to_thread(call, KeyId=key.name, **request)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _NOT_OURS:
            raise _NotOurs from None
        raise KeyServiceUnavailable(f"{said_by('KMS', error)} with the key {key.key_id}") from None
    except (BotoCoreError, OSError) as error:
        raise KeyServiceUnavailable(f"{said_by('KMS', error)}: repeat the request") from None
