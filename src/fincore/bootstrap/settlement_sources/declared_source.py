"""A source of settlement files as it is declared: where it is, with secrets by reference. Pure."""

from datetime import date
from pathlib import Path

import msgspec

from fincore.bootstrap.psp_accounts.secret_reference import SecretReference
from fincore.reconciliation.source import SettlementSource


class SftpPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of an SFTP server. `host_keys` are fingerprints; one of `password` and `private_key` is there."""

    host: str
    port: int
    user: str
    directory: str
    host_keys: frozenset[str]
    password: SecretReference | None
    private_key: SecretReference | None


class FolderPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of this machine."""

    folder: Path


class StripeReportsPlace(msgspec.Struct, frozen=True, kw_only=True):
    """The report API of the Stripe account that the source is of, with the account's own key. Payouts made before `since` are left."""

    since: date | None


Place = SftpPlace | FolderPlace | StripeReportsPlace


class DeclaredSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source as an operator declares it. `origin` names the setting and its file, for sentences about the source."""

    source: SettlementSource
    place: Place
    origin: str

    @property
    def about(self) -> str:
        """How a sentence about the source begins."""
        return f"{self.origin}: source {self.source.name}: "

    @property
    def secrets(self) -> tuple[SecretReference, ...]:
        """Where its secrets are."""
        match self.place:
            case SftpPlace():
                return tuple(filter(None, (self.place.password, self.place.private_key)))
            case FolderPlace() | StripeReportsPlace():
                return ()
