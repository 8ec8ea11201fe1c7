"""The bucket of S3 in which settlement files are kept, as the settings name it. It needs the extra `aws`."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from fincore.bootstrap.aws_extra import extra_missing
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settlement_sources.evidence_place import S3Place
from fincore.domain.errors import ConfigurationError

try:
    from aiobotocore.config import AioConfig

    from fincore.bootstrap.aws_client import open_client
    from fincore.reconciliation.evidence.s3 import BucketState, S3Evidence
except ModuleNotFoundError as error:
    raise ConfigurationError(
        extra_missing("FINCORE_SETTLEMENT_EVIDENCE=s3://...", error, "name a folder")
    ) from error

CONNECT_SECONDS_MAX: Final = 5.0
ANSWER_SECONDS_MAX: Final = 60.0
"""How long S3 may take to connect, and to send or take the next bytes."""
CONNECTIONS_MAX: Final = 10
TRIES_MAX: Final = 3
"""Tries of one request. Each may be repeated: S3 takes an object once."""


@contextlib.asynccontextmanager
async def open_bucket(settings: Settings, place: S3Place, *, spool: Path) -> AsyncIterator[S3Evidence]:
    """The bucket, with the credentials that the AWS library finds. Nothing has been asked of S3 yet.

    Raises `ConfigurationError` where what it needs is not there.
    """
    url = settings.settlement_bucket_url
    config = AioConfig(
        connect_timeout=CONNECT_SECONDS_MAX,
        read_timeout=ANSWER_SECONDS_MAX,
        max_pool_connections=CONNECTIONS_MAX,
        retries={"mode": "standard", "total_max_attempts": TRIES_MAX},
        # The whole file is compared with its SHA-256, also where it came in parts.
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"} if url else None,
    )
    async with open_client(
        "s3",
        config,
        setting="FINCORE_SETTLEMENT_EVIDENCE=s3://...",
        region=settings.settlement_bucket_region,
        url=url,
    ) as client:
        yield S3Evidence(client, place.bucket, prefix=place.prefix, spool=spool)


def require_usable(state: BucketState, settings: Settings, place: S3Place) -> None:
    """Raise `ConfigurationError` for a bucket that cannot be used."""
    bucket = f"the bucket {place.bucket} (FINCORE_SETTLEMENT_EVIDENCE)"
    match state:
        case "ready":
            return
        case "absent":
            raise ConfigurationError(f"{bucket} is not there: create it, or name another one")
        case "denied":
            raise ConfigurationError(
                f"S3 denies access to {bucket}: allow s3:ListBucket on it, and s3:GetObject and s3:PutObject on its objects"
            )
        case "keeps_too_short":
            raise ConfigurationError(
                f"{bucket} does not keep each object for {settings.settlement_bucket_kept_days:,} days "
                "(FINCORE_SETTLEMENT_BUCKET_KEPT_DAYS): give it Object Lock with such a default retention"
            )
        case "keeps_unless_bypassed":
            raise ConfigurationError(
                f"{bucket} keeps objects in a mode of Object Lock that a right may bypass (FINCORE_SETTLEMENT_BUCKET_KEPT_DAYS): give "
                "its default retention the mode COMPLIANCE"
            )
