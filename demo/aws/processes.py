"""The demo's processes with their secrets, jobs, events, counters, evidence, notices and login at the emulator."""

import base64
import os
import secrets
from pathlib import Path
from typing import Any, Final

from demo.aws.emulator import ACCOUNT, REGION, Emulator
from demo.aws.functions import RISK, Functions
from demo.aws.resources import BUCKET, DEAD_JOBS, JOBS, STREAM, TABLE, Resources
from demo.aws.user_pool import UserPool
from demo.processes import Processes
from fincore.postgres.embedded import EmbeddedPostgres

PREFIX: Final = "fincore"
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": ACCOUNT,
    "AWS_SECRET_ACCESS_KEY": "any",
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""In place of those that the person who starts the demo has for AWS."""


def settings_of(emulator: Emulator, resources: Resources) -> dict[str, str]:
    """What leads an installation to the emulator, for all but login."""
    return CREDENTIALS | {
        "FINCORE_JOB_QUEUE": JOBS,
        "FINCORE_JOB_DEAD_LETTERS": DEAD_JOBS,
        "FINCORE_JOB_QUEUE_URL": emulator.url,
        "FINCORE_EVENT_STREAM": STREAM,
        "FINCORE_EVENT_STREAM_URL": emulator.url,
        "FINCORE_RISK_STORE": "dynamodb",
        "FINCORE_RISK_DYNAMODB_TABLE": TABLE,
        "FINCORE_RISK_DYNAMODB_URL": emulator.url,
        "FINCORE_SECRETS_MANAGER_URL": emulator.url,
        "FINCORE_SETTLEMENT_EVIDENCE": f"s3://{BUCKET}/{PREFIX}",
        "FINCORE_SETTLEMENT_BUCKET_URL": emulator.url,
        "FINCORE_SETTLEMENT_BUCKET_REGION": REGION,
        "FINCORE_SETTLEMENT_BUCKET_KEPT_DAYS": str(resources.evidence_kept_days),
        "FINCORE_OPS_SNS_TOPIC": resources.topic_arn,
        "FINCORE_OPS_SNS_URL": emulator.url,
    }


class AwsProcesses(Processes):
    """FinCore with every role, over the emulator."""

    def __init__(self, folder: Path, emulator: Emulator, resources: Resources) -> None:
        super().__init__(folder)
        self._database = EmbeddedPostgres(folder / "data")
        self.functions = Functions(emulator, resources, self.log_file("functions"))
        self._secrets = emulator.client("secretsmanager")
        self._files = emulator.client("s3")
        self.user_pool = UserPool(emulator, self.staff_url)
        self.settings |= (
            settings_of(emulator, resources)
            | self.user_pool.settings
            | {
                "FINCORE_RISK_FUNCTION": RISK,
                "FINCORE_RISK_FUNCTION_URL": self.functions.risk_url,
                # One process assesses charges here, on a machine that does all else, too.
                "FINCORE_RISK_FUNCTION_TIMEOUT_MS": "10000",
                "FINCORE_VAULT_KEYS": f"v1:{resources.vault_key_arn}",
                "FINCORE_VAULT_KMS_URL": emulator.url,
                "FINCORE_VAULT_FINGERPRINT_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
                "FINCORE_CARD_EDGE_TOKEN_SECRET": base64.b64encode(secrets.token_bytes(32)).decode(),
                "FINCORE_CARD_EDGE_URL": self.card_edge_url,
            }
        )

    def start_everything(self) -> None:
        """Start all that the demo does, wait for the relay and for staff, too, and start the functions."""
        super().start_everything()
        self.until_ready("relay")
        self.until_ready("staff")
        self.functions.start(self.environment_of_functions())

    def environment_of_functions(self) -> dict[str, str]:
        """The settings of the installation, and where its PostgreSQL is, which a function has none of."""
        return self.environment() | {"FINCORE_EVENTSTORE_DSN": self._database.start()}

    def stop(self) -> None:
        """End every process, the functions first."""
        try:
            self.functions.stop()
            self._database.stop()
        finally:
            super().stop()

    def keep_secret(self, psp: str, account: str, field: str, secret: str) -> None:
        """Put it into Secrets Manager alone."""
        self._secrets.create_secret(Name=_secret_name(psp, account, field), SecretString=secret)

    def account_secret(self, psp: str, account: str, field: str) -> str:
        """A reference to Secrets Manager."""
        return f"aws-secret:{_secret_name(psp, account, field)}"

    def kept_file(self, psp: str, account: str, name: str) -> Path:
        """A settlement file, copied out of the bucket."""
        (key,) = (one for one in self.kept_keys() if f"/{psp}/{account}/" in one and one.endswith(f"-{name}"))
        copied = self.folder / name
        copied.write_bytes(self._files.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        return copied

    def kept_keys(self) -> list[str]:
        """The keys of every object of the bucket of evidence."""
        listed: dict[str, Any] = self._files.list_objects_v2(Bucket=BUCKET)
        return [str(one["Key"]) for one in listed.get("Contents", ())]


def _secret_name(psp: str, account: str, field: str) -> str:
    return f"fincore/local/{psp}-{account}-{field}"
