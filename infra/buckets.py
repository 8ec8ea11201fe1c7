"""Every bucket of S3: encrypted, versioned, over TLS 1.2 alone, closed to the public, and kept when its stack is deleted."""

from collections.abc import Sequence
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3

_PARTS_OF_UPLOADS_DAYS: Final = 7
_ACCESS_LOGS_DAYS: Final = 400


def bucket(
    stack: Any,
    name: str,
    *,
    expires_days: int | None = None,
    old_versions_days: int | None = None,
    object_ownership: Any = s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    encryption_key: Any = None,
    **options: Any,
) -> Any:
    """Make a bucket. `expires_days`: when a file goes; `old_versions_days`: when what it was before goes; None: never.

    Without `encryption_key`, keys of S3 encrypt it: for public files, and for logs of services that can use no other. `options`: further ones
    of the CDK.
    """
    return s3.Bucket(
        stack,
        name,
        encryption=s3.BucketEncryption.S3_MANAGED if encryption_key is None else s3.BucketEncryption.KMS,
        encryption_key=encryption_key,
        bucket_key_enabled=None if encryption_key is None else True,
        versioned=True,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=object_ownership,
        lifecycle_rules=_rules(expires_days, old_versions_days),
        removal_policy=cdk.RemovalPolicy.RETAIN,
        **options,
    )


def access_logs(stack: Any, name: str, *, days: int = _ACCESS_LOGS_DAYS) -> Any:
    """A bucket for the access logs of another one, or of a load balancer: both services encrypt with keys of S3 alone."""
    return bucket(
        stack,
        name,
        expires_days=days,
        old_versions_days=days,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
    )


def _rules(expires_days: int | None, old_versions_days: int | None) -> Sequence[Any]:
    return [
        s3.LifecycleRule(
            expiration=None if expires_days is None else cdk.Duration.days(expires_days),
            noncurrent_version_expiration=None
            if old_versions_days is None
            else cdk.Duration.days(old_versions_days),
            abort_incomplete_multipart_upload_after=cdk.Duration.days(_PARTS_OF_UPLOADS_DAYS),
        )
    ]
