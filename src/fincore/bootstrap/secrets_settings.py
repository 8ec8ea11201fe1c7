"""The settings of the stores that references to secrets name."""

from dataclasses import dataclass

from fincore.bootstrap.setting import setting
from fincore.bootstrap.setting_values import OPTIONAL_URL, WORD


@dataclass(frozen=True, kw_only=True)
class SecretsSettings:
    """A part of `Settings`."""

    secrets_manager_region: str | None = setting(
        WORD,
        "region of the secrets that references `aws-secret:` name; empty: the one that the AWS library finds, as in AWS_REGION",
    )
    secrets_manager_url: str | None = setting(
        OPTIONAL_URL, "an emulator of AWS Secrets Manager; empty: AWS itself"
    )
