"""How each declared source is reached, with its secrets read; and what is wrong with sources beside the accounts at PSPs."""

from collections.abc import Collection
from datetime import date
from typing import Protocol

import msgspec

from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount
from fincore.bootstrap.psp_accounts.secret_reference import SecretReference, SecretResolver
from fincore.bootstrap.secret_file import SecretUnreadable
from fincore.bootstrap.settlement_sources.declared_source import (
    DeclaredSource,
    FolderPlace,
    SftpPlace,
    StripeReportsPlace,
)
from fincore.domain.clock import Clock
from fincore.domain.errors import ConfigurationError
from fincore.domain.payout import PayoutAccount
from fincore.domain.secret import Secret
from fincore.reconciliation.evidence.port import EvidenceStore
from fincore.reconciliation.fetcher import WatchedSource
from fincore.reconciliation.fetching.local_folder import local_folder
from fincore.reconciliation.fetching.remote import OpenRemote
from fincore.reconciliation.files import SettlementFiles
from fincore.write.settlement.payouts import PayoutRecorder


class SettlementSettings(Protocol):
    """The settings that this depends on."""

    @property
    def psp_accounts(self) -> tuple[DeclaredAccount, ...]: ...
    @property
    def settlement_sources_file(self) -> tuple[DeclaredSource, ...]: ...


class ReportStores(msgspec.Struct, frozen=True, kw_only=True):
    """Where reports of payouts, and what is said of the payouts themselves, are kept; and the time by which that is."""

    files: SettlementFiles
    evidence: EvidenceStore
    payouts: PayoutRecorder
    clock: Clock


def check_sources(settings: SettlementSettings, resolver: SecretResolver) -> None:
    """Raise `ConfigurationError` for a source of an account that is not declared, and for a secret that cannot be read."""
    modes = {(one.psp, one.name): one.livemode for one in settings.psp_accounts}
    for declared in settings.settlement_sources_file:
        source = declared.source
        if modes.get((source.psp, source.psp_account)) is not source.livemode:
            raise ConfigurationError(_no_account(declared))
        for reference in declared.secrets:
            _read(declared, reference, resolver)


def watched_sources(
    settings: SettlementSettings, resolver: SecretResolver, stores: ReportStores
) -> tuple[WatchedSource, ...]:
    """Every declared source with how it is reached. Raises `ConfigurationError` for a secret that cannot be read."""
    return tuple(
        WatchedSource(one.source, _open_remote(settings, one, resolver, stores))
        for one in settings.settlement_sources_file
    )


def asked_accounts(settings: SettlementSettings) -> tuple[DeclaredAccount, ...]:
    """The accounts that sources ask for reports, with the keys of the accounts."""
    asked = {
        (one.source.psp, one.source.psp_account)
        for one in settings.settlement_sources_file
        if isinstance(one.place, StripeReportsPlace)
    }
    return tuple(one for one in settings.psp_accounts if (one.psp, one.name) in asked)


def _open_remote(
    settings: SettlementSettings, declared: DeclaredSource, resolver: SecretResolver, stores: ReportStores
) -> OpenRemote:
    match declared.place:
        case StripeReportsPlace(since=since):
            return _stripe_reports(settings, declared, since, resolver, stores)
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


def _stripe_reports(
    settings: SettlementSettings,
    declared: DeclaredSource,
    since: date | None,
    resolver: SecretResolver,
    stores: ReportStores,
) -> OpenRemote:
    from fincore.bootstrap.psps import stripe_account
    from fincore.bootstrap.settled_accounts import settled_account
    from fincore.reconciliation.fetching.stripe_reports import StripeReportSource, stripe_reports

    source = declared.source
    account = next(
        (
            one
            for one in settings.psp_accounts
            if (one.psp, one.name, one.livemode) == (source.psp, source.psp_account, source.livemode)
        ),
        None,
    )
    if account is None:
        raise ConfigurationError(_no_account(declared))

    async def fetched(names: Collection[str]) -> frozenset[str]:
        return await stores.files.names_fetched(source.name, names)

    return stripe_reports(
        StripeReportSource(
            account=stripe_account(account, resolver),
            of=PayoutAccount(psp=source.psp, psp_account=source.psp_account, livemode=source.livemode),
            settled=settled_account(account, resolver),
            since=since,
            payouts=stores.payouts,
            evidence=stores.evidence,
            fetched=fetched,
            clock=stores.clock,
        )
    )


def _no_account(declared: DeclaredSource) -> str:
    source = declared.source
    mode = "live" if source.livemode else "test"
    return (
        f"{declared.about}there is no account {source.psp}/{source.psp_account} of {mode} mode: "
        "`fincore psp accounts` lists the accounts"
    )


def _secret(
    declared: DeclaredSource, reference: SecretReference | None, resolver: SecretResolver
) -> Secret | None:
    return None if reference is None else _read(declared, reference, resolver)


def _read(declared: DeclaredSource, reference: SecretReference, resolver: SecretResolver) -> Secret:
    try:
        return resolver.read(reference)
    except SecretUnreadable as error:
        raise ConfigurationError(f"{declared.about}{error}") from error
