"""The pipeline, as its operator describes it in a TOML file: where sources are, and the installations that a release is deployed to. It holds no secret."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from infra.installation import Installation, InstallationRefused, read_installation

STAGES: Final = ("staging", "production")
"""The order in which a release is deployed."""
_RateMax = Annotated[int, Meta(ge=1, le=100_000)]


class LoadTest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each release must carry in staging: the highest rate in arrivals a second, and for how long."""

    rate: _RateMax
    seconds: Annotated[int, Meta(ge=60, le=14_400)]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`base_image`: what the image is made from, by digest; `installations`: their files, beside this one, by stage."""

    account: Annotated[str, Meta(pattern=r"^[0-9]{12}$")]
    region: Annotated[str, Meta(pattern=r"^[a-z]{2}-[a-z]+-[0-9]$")]
    connection: Annotated[
        str, Meta(pattern=r"^arn:aws:codeconnections:[a-z0-9-]+:[0-9]{12}:connection/[0-9a-f-]{36}$")
    ]
    repository: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+$", max_length=200)]
    branch: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._/-]{1,100}$")]
    base_image: Annotated[str, Meta(max_length=300)]
    folder: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", max_length=200)]
    approvers: Annotated[tuple[str, ...], Meta(min_length=1, max_length=20)]
    load_test: LoadTest


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """The pipeline of the account `account`, and the two installations in accounts of their own. `folder`: where in the repository their files are."""

    account: str
    region: str
    connection: str
    repository: str
    branch: str
    base_image: str
    folder: str
    approvers: tuple[str, ...]
    load_test: LoadTest
    staging: Installation
    production: Installation

    @property
    def installations(self) -> tuple[Installation, Installation]:
        """In the order in which a release is deployed."""
        return (self.staging, self.production)


def is_pipeline(path: Path) -> bool:
    """Whether a file describes a pipeline: an installation names its stage."""
    try:
        return "connection" in tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError):
        return False


def read_pipeline(path: Path) -> Pipeline:
    """The pipeline in a file, and the installations in the files `staging.toml` and `production.toml` beside it. Raises `InstallationRefused`."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text()), _File)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InstallationRefused(f"{path}: {error}") from None
    if not is_named_by_digest(found.base_image):
        raise InstallationRefused(
            f"{path}: set base_image to an image with its digest, such as docker.io/library/python@sha256:..."
        )
    staging, production = (read_installation(path.parent / f"{stage}.toml") for stage in STAGES)
    for stage, one in zip(STAGES, (staging, production), strict=True):
        if one.stage != stage:
            raise InstallationRefused(f"{path}: set stage to {stage} in {stage}.toml")
        if one.tools_account != found.account:
            raise InstallationRefused(f"{path}: set tools_account to {found.account} in {stage}.toml")
        if one.region != found.region:
            raise InstallationRefused(f"{path}: set region to {found.region} in {stage}.toml")
    if len({found.account, staging.account, production.account}) != 1 + len(STAGES):
        raise InstallationRefused(f"{path}: give the pipeline, staging and production an account each")
    if staging.livemode:
        raise InstallationRefused(f"{path}: set livemode to false in staging.toml: a load test pays there")
    fields = {name: getattr(found, name) for name in _File.__struct_fields__}
    return Pipeline(**fields, staging=staging, production=production)


def is_named_by_digest(image: str) -> bool:
    """Whether an image is named so that it is the same image for ever."""
    return re.fullmatch(r"[^@\s]+@sha256:[0-9a-f]{64}", image) is not None
