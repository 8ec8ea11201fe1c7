"""The settings of a risk engine in a function of Lambda."""

from dataclasses import dataclass

from fincore.bootstrap.setting import setting
from fincore.bootstrap.setting_values import OPTIONAL_URL, WORD, Number


@dataclass(frozen=True, kw_only=True)
class RiskFunctionSettings:
    """A part of `Settings`."""

    risk_function: str | None = setting(
        WORD,
        "name or ARN of the function of Lambda that assesses charges for the roles `api` and `worker`, which need the extra `aws`; empty: they do it themselves",
    )
    risk_function_timeout_ms: int = setting(
        Number(int, 50, 10_000, "ms"),
        "how long these roles wait for that function; then the failure mode counts",
        default="1000",
    )
    risk_function_region: str | None = setting(
        WORD, "region of that function; empty: the one that the AWS library finds, as in AWS_REGION"
    )
    risk_function_url: str | None = setting(OPTIONAL_URL, "an emulator of Lambda; empty: AWS itself")
