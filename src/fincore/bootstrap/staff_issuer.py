"""Which issuer the server of staff trusts: what the settings say of it, checked once, in one sentence where they contradict each other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from fincore.bootstrap.card_edge_settings import is_loopback
from fincore.bootstrap.staff_settings import OFF, StaffSettings
from fincore.domain.clock import Clock
from fincore.domain.errors import ConfigurationError
from fincore.staff.access.admission import People
from fincore.staff.access.claims import Audience
from fincore.staff.access.grants import GroupMap
from fincore.staff.access.issuer_documents import IssuerDocuments
from fincore.staff.access.key_set import IssuerKeys
from fincore.staff.access.people import TokenPeople
from fincore.staff.access.tokens import AccessTokens
from fincore.staff.dashboard.body import ConfigurationBody, LogoutBody
from fincore.staff.issuer.client import CLIENT_ID, IssuerClient

_OF_ISSUER: Final = ("client_id", "audience", "discovery_url", "jwks_url", "groups", "logout_url")
"""The settings, after FINCORE_STAFF_, that are of an issuer of the installation's own."""


def check_staff(settings: StaffSettings) -> None:
    """Raise `ConfigurationError` where a server of staff is configured and cannot start."""
    if settings.staff_port is None:
        return
    staff_address(settings)
    if settings.staff_issuer is None:
        for name in _OF_ISSUER:
            if getattr(settings, f"staff_{name}") is not None:
                raise ConfigurationError(
                    f"FINCORE_STAFF_{name.upper()} is set without FINCORE_STAFF_ISSUER: set the issuer, or remove the setting"
                )
        _check_local(settings)
    else:
        audience_of(settings, settings.staff_issuer)


def staff_address(settings: StaffSettings) -> str:
    """Where the browsers of staff reach the server, without a slash at the end.

    Raises `ConfigurationError` where tokens would cross a network in clear, and where the system is to choose the port.
    """
    if settings.staff_url is not None:
        return settings.staff_url
    if not is_loopback(settings.staff_host):
        raise ConfigurationError(
            f"the browsers of staff would send tokens in clear to {settings.staff_host}: set FINCORE_STAFF_URL to the https:// URL of "
            "the proxy in front, or FINCORE_STAFF_HOST to 127.0.0.1"
        )
    if settings.staff_port == 0:
        raise ConfigurationError(
            "FINCORE_STAFF_URL is missing beside FINCORE_STAFF_PORT=0: set a port, as tokens name where they come from"
        )
    host = f"[{settings.staff_host}]" if ":" in settings.staff_host else settings.staff_host
    return f"http://{host}:{settings.staff_port}"


def audience_of(settings: StaffSettings, issuer: str) -> Audience:
    """Which tokens count. Raises `ConfigurationError` for what is missing beside an issuer."""
    for name in ("client_id", "groups"):
        if getattr(settings, f"staff_{name}") is None:
            raise ConfigurationError(
                f"FINCORE_STAFF_{name.upper()} is missing beside FINCORE_STAFF_ISSUER: set it, or FINCORE_STAFF_PORT to {OFF}"
            )
    if settings.staff_logout == "cognito" and settings.staff_logout_url is None:
        raise ConfigurationError(
            "FINCORE_STAFF_LOGOUT_URL is missing beside FINCORE_STAFF_LOGOUT=cognito: set it to https://{domain of the pool}/logout"
        )
    for name in ("issuer", "discovery_url", "jwks_url", "logout_url"):
        url = getattr(settings, f"staff_{name}")
        if url is not None and not _is_safe(url):
            raise ConfigurationError(
                f"FINCORE_STAFF_{name.upper()} must be an https:// URL: what decides who is staff must not come in clear"
            )
    client_id = str(settings.staff_client_id)
    return Audience(
        issuer=issuer,
        client_id=client_id,
        audience=settings.staff_audience or client_id,
        groups_claim=settings.staff_groups_claim,
    )


@asynccontextmanager
async def people_of_issuer(
    settings: StaffSettings, issuer: str, clock: Clock
) -> AsyncIterator[tuple[People, tuple[str, ...]]]:
    """Tells who bears a token of an issuer of the installation's own, and the origins that a login calls."""
    audience = audience_of(settings, issuer)
    async with aiohttp.ClientSession() as session:
        documents = IssuerDocuments(session, issuer=issuer, discovery_url=settings.staff_discovery_url)
        keys = IssuerKeys(lambda: documents.keys(settings.staff_jwks_url))
        people = TokenPeople(
            AccessTokens(keys, audience, clock),
            settings.staff_groups or GroupMap({}),
            user_info=documents.user_info,
        )
        yield people, issuer_origins(settings, issuer)


def issuer_origins(settings: StaffSettings, issuer: str) -> tuple[str, ...]:
    """The origins that the dashboard calls for a login: of the issuer, of its discovery, and those that a setting adds."""
    urls = (issuer, settings.staff_discovery_url or issuer, *settings.staff_issuer_origins)
    return tuple(dict.fromkeys(_origin(url) for url in urls))


def dashboard_configuration(settings: StaffSettings) -> ConfigurationBody:
    """How the dashboard logs people in."""
    if settings.staff_issuer is None:
        client = IssuerClient(staff_url=staff_address(settings))
        return ConfigurationBody(
            issuer=client.issuer,
            client_id=CLIENT_ID,
            scope="openid",
            logout=LogoutBody(form="cognito", address=f"{client.issuer}/logout"),
        )
    return ConfigurationBody(
        issuer=settings.staff_issuer,
        client_id=str(settings.staff_client_id),
        scope=settings.staff_scope,
        logout=LogoutBody(form=settings.staff_logout, address=settings.staff_logout_url),
    )


def _check_local(settings: StaffSettings) -> None:
    """The built-in issuer is for the machine itself: a password and a one-time link are all that it asks for."""
    url = staff_address(settings)
    host = urlsplit(url).hostname or ""
    if not is_loopback(settings.staff_host) or not is_loopback(host):
        raise ConfigurationError(
            "the built-in issuer of staff is for this machine alone: set FINCORE_STAFF_ISSUER to the issuer of your staff, or "
            f"FINCORE_STAFF_HOST to 127.0.0.1 without FINCORE_STAFF_URL, or FINCORE_STAFF_PORT to {OFF}"
        )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")
