"""Which part may open a connection to which: each arrow is one rule of a security group on each side. Pure."""

from typing import Final

import msgspec

from infra.functions import FUNCTIONS
from infra.roles import PORT_OF_PROTOCOL, SERVICES

POSTGRES_PORT: Final = 5432
CACHE_PORT: Final = 6379
HTTPS_PORT: Final = 443
STORES: Final = ("eventstore", "paymentdb", "ledgerdb")
BALANCERS: Final = ("api", "inner", "cards")

INTERNET: Final = "internet"
ENDPOINTS: Final = "endpoints"
S3: Final = "s3"
DYNAMODB: Final = "dynamodb"
CLOUDFRONT: Final = "cloudfront"
CACHE: Final = "cache"
MIGRATE: Final = "migrate"
"""The task that migrates the stores before the services of a release start."""
OUTSIDE: Final = frozenset({INTERNET, S3, DYNAMODB, CLOUDFRONT})
"""What has no security group of ours."""


class Arrow(msgspec.Struct, frozen=True, order=True):
    """A connection that is allowed, over TCP. Sources and targets are roles, functions (`{name}-function`), balancers (`{name}-balancer`), stores, and what is above."""

    source: str
    target: str
    port: int
    carries: str


def balancer(name: str) -> str:
    """A load balancer, as arrows name it."""
    return f"{name}-balancer"


def arrows() -> tuple[Arrow, ...]:
    """Every connection that is allowed within the network, into it and out of it; all others are refused."""
    found = [
        Arrow(INTERNET, balancer("api"), HTTPS_PORT, "requests of merchants, webhooks of PSPs"),
        Arrow(
            INTERNET,
            balancer("cards"),
            HTTPS_PORT,
            "requests with card numbers, encrypted up to the card edge",
        ),
        Arrow(
            CLOUDFRONT, balancer("inner"), HTTPS_PORT, "requests of browsers, over an origin in this network"
        ),
    ]
    for service in SERVICES:
        if service.balancer is not None and service.port is not None:
            found.append(Arrow(balancer(service.balancer), service.role, service.port, "requests"))
        found += [Arrow(service.role, store, POSTGRES_PORT, "SQL over TLS") for store in service.stores]
        if service.uses_cache:
            found.append(Arrow(service.role, CACHE, CACHE_PORT, "answers to repeated requests, over TLS"))
        if service.counts_attempts:
            found.append(Arrow(service.role, DYNAMODB, HTTPS_PORT, "attempts to pay"))
        found += [
            Arrow(service.role, INTERNET, PORT_OF_PROTOCOL[protocol], why)
            for protocol, why in service.calls.items()
        ]
        found += _of_every_task(service.role)
    for function in FUNCTIONS:
        found += [Arrow(function.group, store, POSTGRES_PORT, "SQL over TLS") for store in function.stores]
        found += [
            Arrow(function.group, INTERNET, PORT_OF_PROTOCOL[protocol], why)
            for protocol, why in function.calls.items()
        ]
        if function.counts_attempts:
            found.append(Arrow(function.group, DYNAMODB, HTTPS_PORT, "attempts to pay"))
        if function.keeps_evidence:
            found.append(Arrow(function.group, S3, HTTPS_PORT, "evidence"))
        found.append(
            Arrow(function.group, ENDPOINTS, HTTPS_PORT, "secrets, and what it does with services of AWS")
        )
    found += [Arrow(MIGRATE, store, POSTGRES_PORT, "SQL over TLS") for store in STORES]
    found += _of_every_task(MIGRATE)
    return tuple(sorted(found))


def _of_every_task(name: str) -> list[Arrow]:
    return [
        Arrow(
            name, ENDPOINTS, HTTPS_PORT, "images, secrets, logs, and what the role does with services of AWS"
        ),
        Arrow(name, S3, HTTPS_PORT, "layers of images, evidence"),
    ]


def groups() -> tuple[str, ...]:
    """What has a security group of its own."""
    return tuple(
        sorted({end for arrow in arrows() for end in (arrow.source, arrow.target) if end not in OUTSIDE})
    )
