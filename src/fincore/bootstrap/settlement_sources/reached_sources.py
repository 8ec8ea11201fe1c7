"""How each declared source is reached, with its secrets read; and what is wrong with sources beside the accounts at PSPs."""

from pathlib import Path
from typing import Protocol

from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount
from fincore.bootstrap.psp_accounts.secret_reference import SecretReference, SecretResolver
from fincore.bootstrap.secret_file import SecretUnreadable
from fincore.bootstrap.settlement_sources.declared_source import DeclaredSource, FolderPlace, SftpPlace
from fincore.domain.errors import ConfigurationError
from fincore.domain.secret import Secret
from fincore.reconciliation.fetcher import WatchedSource
from fincore.reconciliation.fetching.local_folder import local_folder
from fincore.reconciliation.fetching.remote import OpenRemote


class SettlementSettings(Protocol):
    """The settings that this depends on."""

    @property
    def data_dir(self) -> Path: ...
    @property
    def psp_accounts(self) -> tuple[DeclaredAccount, ...]: ...
    @property
    def settlement_sources_file(self) -> tuple[DeclaredSource, ...]: ...
    @property
    def settlement_evidence_dir(self) -> Path | None: ...


def evidence_folder(settings: SettlementSettings) -> Path:
    """Where settlement files are kept."""
    return settings.settlement_evidence_dir or settings.data_dir / "settlement"


def check_sources(settings: SettlementSettings, resolver: SecretResolver) -> None:
    """Raise `ConfigurationError` for a source of an account that is not declared, and for a secret that cannot be read."""
    modes = {(one.psp, one.name): one.livemode for one in settings.psp_accounts}
    for declared in settings.settlement_sources_file:
        source = declared.source
        if modes.get((source.psp, source.psp_account)) is not source.livemode:
            mode = "live" if source.livemode else "test"
            raise ConfigurationError(
                f"{declared.about}there is no account {source.psp}/{source.psp_account} of {mode} mode: "
                "`fincore psp accounts` lists the accounts"
            )
        for reference in declared.secrets:
            _read(declared, reference, resolver)


def watched_sources(settings: SettlementSettings, resolver: SecretResolver) -> tuple[WatchedSource, ...]:
    """Every declared source with how it is reached. Raises `ConfigurationError` for a secret that cannot be read."""
    return tuple(
        WatchedSource(one.source, _open_remote(one, resolver)) for one in settings.settlement_sources_file
    )


def _open_remote(declared: DeclaredSource, resolver: SecretResolver) -> OpenRemote:
    match declared.place:
        case FolderPlace():
            return local_folder(declared.place.folder, declared.source.names)
        case SftpPlace():
            from fincore.reconciliation.fetching.sftp import SftpServer, sftp_folder

            place = declared.place
            server = SftpServer(
                host=place.host,
                port=place.port,
                user=place.user,
                directory=place.directory,
                host_keys=place.host_keys,
                password=_secret(declared, place.password, resolver),
                private_key=_secret(declared, place.private_key, resolver),
            )
            return sftp_folder(server, declared.source.names)


def _secret(
    declared: DeclaredSource, reference: SecretReference | None, resolver: SecretResolver
) -> Secret | None:
    return None if reference is None else _read(declared, reference, resolver)


def _read(declared: DeclaredSource, reference: SecretReference, resolver: SecretResolver) -> Secret:
    try:
        return resolver.read(reference)
    except SecretUnreadable as error:
        raise ConfigurationError(f"{declared.about}{error}") from error
