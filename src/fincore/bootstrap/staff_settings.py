"""The settings of the server of staff: where it listens, which issuer it trusts, and what the groups of that issuer may do."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from fincore.bootstrap.setting import setting
from fincore.bootstrap.setting_values import (
    ONE_PERSON_LIMITS,
    OPTIONAL_URL,
    PORT,
    PUBLIC_URL,
    TEXT,
    WORD,
    Form,
    OneOf,
)
from fincore.domain.errors import ConfigurationError
from fincore.domain.one_person_limits import OnePersonLimits
from fincore.staff.access.grants import GroupMap, read_group_map

LogoutForm = Literal["oidc", "cognito"]
OFF: Final = "off"


def _port(name: str, text: str) -> int | None:
    return None if text == OFF else PORT(name, text)


def _groups(name: str, text: str) -> GroupMap | None:
    try:
        return read_group_map(text) if text else None
    except ValueError as error:
        raise ConfigurationError(f"{name} {error}") from None


def _scope(name: str, text: str) -> str:
    if not text.isascii() or not text.isprintable() or "openid" not in text.split(" "):
        raise ConfigurationError(f"{name} must be words with one space between them, `openid` among them")
    return text


def _origins(name: str, text: str) -> tuple[str, ...]:
    origins = (PUBLIC_URL(name, part) for part in text.replace(",", " ").split())
    return tuple(origin for origin in origins if origin is not None)


SCOPE: Final = Form("words, openid among them", _scope)
ORIGINS: Final = Form("https://... without a path, separated by spaces or commas", _origins)
STAFF_PORT: Final = Form(f"0 to 65,535, or {OFF}", _port)
STAFF_GROUPS: Final = Form("group=role[:live or :test][@mer_...], separated by spaces or commas", _groups)


@dataclass(frozen=True, kw_only=True)
class StaffSettings:
    """A part of `Settings`."""

    staff_port: int | None = setting(
        STAFF_PORT,
        f"port of the role `staff`, which the browsers of staff call; {OFF}: there is none; 0: one that the system chooses",
        default="8082",
    )
    staff_host: str = setting(
        TEXT,
        "address that the role `staff` listens on; any but loopback needs FINCORE_STAFF_URL",
        default="127.0.0.1",
    )
    staff_url: str | None = setting(
        PUBLIC_URL, "where the browsers of staff reach the role `staff`; empty: at its address and port"
    )
    staff_issuer: str | None = setting(
        OPTIONAL_URL,
        "issuer of the access tokens of staff (OpenID Connect); empty: the built-in one, for this machine alone",
    )
    staff_client_id: str | None = setting(
        WORD, "id of the dashboard as a client of that issuer; needed beside FINCORE_STAFF_ISSUER"
    )
    staff_audience: str | None = setting(
        WORD, "what `aud` of an access token must name, where it has one; empty: FINCORE_STAFF_CLIENT_ID"
    )
    staff_discovery_url: str | None = setting(
        OPTIONAL_URL,
        "where that issuer says its addresses; empty: `/.well-known/openid-configuration` below FINCORE_STAFF_ISSUER",
    )
    staff_jwks_url: str | None = setting(
        OPTIONAL_URL, "where that issuer publishes its keys; empty: where its discovery says"
    )
    staff_groups_claim: str = setting(
        TEXT, "claim of the access token that holds the groups of a person", default="cognito:groups"
    )
    staff_groups: GroupMap | None = setting(
        STAFF_GROUPS,
        "which role each group of that issuer has, where it counts in one mode or for one merchant alone; needed beside FINCORE_STAFF_ISSUER",
    )
    staff_logout: LogoutForm = setting(
        OneOf[LogoutForm](get_args(LogoutForm)),
        "how that issuer is told of a logout: by RP-initiated logout of OpenID Connect, or in the form of Amazon Cognito",
        default="oidc",
    )
    refund_limits_minor: OnePersonLimits = setting(
        ONE_PERSON_LIMITS,
        "what one person of staff may refund alone, at once and in a day by UTC; above it, and in a currency that is not here, they need "
        "a second person",
    )
    staff_logout_url: str | None = setting(
        OPTIONAL_URL,
        "where Amazon Cognito's form of logout is, below the domain of the user pool; needed beside `cognito`",
    )
    staff_scope: str = setting(
        SCOPE,
        "what the dashboard asks that issuer for; with `openid` the issuer tells the names of people",
        default="openid",
    )
    staff_issuer_origins: tuple[str, ...] = setting(
        ORIGINS,
        "further origins that a login calls, such as the domain of a user pool of Amazon Cognito, where tokens are got",
    )
