"""AWS KMS as the settings name it. It needs the extra `aws`."""

from functools import cache
from typing import Final

from fincore.bootstrap.aws_extra import extra_missing
from fincore.domain.errors import ConfigurationError

try:
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.session import get_session

    from fincore.aws.kms_keys import KmsClient, KmsKeys
except ModuleNotFoundError as error:
    raise ConfigurationError(
        extra_missing("FINCORE_VAULT_KEYS names a key of AWS KMS, which", error)
    ) from error

CONNECT_SECONDS_MAX: Final = 1.0
ANSWER_SECONDS_MAX: Final = 3.0
TRIES_MAX: Final = 2
CONNECTIONS_MAX: Final = 20


def kms_keys(*, url: str | None) -> KmsKeys:
    """Keys of KMS, with the credentials that the AWS library finds. Nothing has been asked of KMS yet."""
    config = Config(
        connect_timeout=CONNECT_SECONDS_MAX,
        read_timeout=ANSWER_SECONDS_MAX,
        max_pool_connections=CONNECTIONS_MAX,
        retries={"mode": "standard", "total_max_attempts": TRIES_MAX},
    )
    session = get_session()

    @cache
    def client_of(region: str) -> KmsClient:
        try:
            client: KmsClient = session.create_client(
                "kms", region_name=region, endpoint_url=url, config=config
            )
        except (BotoCoreError, ValueError) as error:
            raise ConfigurationError(f"a key of FINCORE_VAULT_KEYS cannot be used: {error}") from None
        return client

    return KmsKeys(client_of)
