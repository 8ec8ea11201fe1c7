"""AWS Secrets Manager as a store of secrets that rotate. It needs the extra `aws`."""

from typing import Final

from fincore.bootstrap.aws_extra import extra_missing, region_in_force
from fincore.bootstrap.secret_file import SecretUnreadable

try:
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, NoRegionError
    from botocore.session import get_session

    from fincore.aws.secrets_manager import SecretRefused, VersionStage, secret_text
except ModuleNotFoundError as error:
    raise SecretUnreadable(extra_missing("aws-secret:...", error)) from error

CONNECT_SECONDS_MAX: Final = 2.0
ANSWER_SECONDS_MAX: Final = 5.0
TRIES_MAX: Final = 3


class AwsSecrets:
    """Secrets Manager of one region, with the credentials that the AWS library finds. Its client blocks, and serves any thread.

    Raises `SecretUnreadable` where no region is known or the address is wrong.
    """

    def __init__(self, *, region: str | None, url: str | None) -> None:
        config = Config(
            connect_timeout=CONNECT_SECONDS_MAX,
            read_timeout=ANSWER_SECONDS_MAX,
            retries={"mode": "standard", "total_max_attempts": TRIES_MAX},
        )
        try:
            self._client = get_session().create_client(
                "secretsmanager", region_name=region_in_force(region), endpoint_url=url, config=config
            )
        except NoRegionError:
            raise SecretUnreadable(
                "aws-secret:... needs a region: set FINCORE_SECRETS_MANAGER_REGION or AWS_REGION"
            ) from None
        except (BotoCoreError, ValueError) as error:
            raise SecretUnreadable(f"Secrets Manager cannot be used: {error}") from None

    def read(self, place: str) -> str:
        """The version at AWSCURRENT."""
        text = self._read(place, "AWSCURRENT")
        if text is None:
            raise SecretUnreadable(f"Secrets Manager has no secret {place} with a value")
        return text

    def read_previous(self, place: str) -> str | None:
        """The version at AWSPREVIOUS."""
        return self._read(place, "AWSPREVIOUS")

    def _read(self, place: str, stage: VersionStage) -> str | None:
        try:
            return secret_text(self._client, place, stage)
        except SecretRefused as error:
            raise SecretUnreadable(str(error)) from None
