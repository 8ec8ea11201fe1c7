"""The port to a service that holds key-encryption keys and lets none of them out."""

from collections.abc import Mapping
from typing import Protocol

from fincore.domain.errors import FinCoreError
from fincore.write.vault.vault_keys import ServiceKey


class KeyServiceUnavailable(FinCoreError):
    """The service gives no answer that decides anything: it is away, busy, or not allowed to us. Try again later."""


class KeyService(Protocol):
    """Wraps data keys. What is wrapped is bound to its context: it is unwrapped for the same one alone.

    Both raise `KeyServiceUnavailable` within seconds.
    """

    async def wrap(self, key: ServiceKey, data_key: bytes, context: Mapping[str, str]) -> bytes:
        """A data key under a key of the service."""
        ...

    async def unwrap(self, key: ServiceKey, wrapped: bytes, context: Mapping[str, str]) -> bytes | None:
        """The data key; None where these bytes were not wrapped by that key for that context."""
        ...
