"""The region of services of AWS: the setting first, then AWS_REGION, then what the library finds."""

from typing import Any

import pytest
from aiobotocore.config import AioConfig

from fincore.bootstrap.aws_client import open_client
from fincore.bootstrap.aws_secrets import AwsSecrets
from fincore.bootstrap.secret_file import SecretUnreadable
from fincore.domain.errors import ConfigurationError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")


def opened(region: str | None) -> Any:
    return open_client("sqs", AioConfig(), setting="S", region=region, url=None, region_hint="set R")


@pytest.mark.parametrize(
    ("setting", "given", "wanted"),
    [
        (None, {"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ("eu-west-2", {"AWS_REGION": "eu-west-1"}, "eu-west-2"),
        (None, {"AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-3"),
        (None, {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-1"),
        (None, {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-3"),
    ],
)
async def test_region_is_that_of_the_setting_or_environment(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, given: dict[str, str], wanted: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    async with opened(setting) as client:
        assert client.meta.region_name == wanted
    assert AwsSecrets(region=setting, url=None)._client.meta.region_name == wanted


async def test_region_that_is_nowhere_is_asked_for_by_name() -> None:
    with pytest.raises(ConfigurationError, match="S needs a region: set R"):
        async with opened(None):
            pass
    with pytest.raises(SecretUnreadable, match="AWS_REGION"):
        AwsSecrets(region=None, url=None)
