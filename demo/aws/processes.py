"""The demo's processes with their secrets, jobs, events, counters, evidence, notices and login at the emulator."""

import os
from pathlib import Path
from typing import Any, Final

from demo.aws.emulator import ACCOUNT, REGION, Emulator
from demo.aws.resources import BUCKET, DEAD_JOBS, JOBS, STREAM, TABLE, Resources
from demo.aws.user_pool import UserPool
from demo.processes import Processes

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
        self._secrets = emulator.client("secretsmanager")
        self._files = emulator.client("s3")
        self.user_pool = UserPool(emulator, self.staff_url)
        self.settings |= settings_of(emulator, resources) | self.user_pool.settings

    def start_everything(self) -> None:
        """Start all that the demo does, and wait for the relay and for staff, too."""
        super().start_everything()
        self.until_ready("relay")
        self.until_ready("staff")

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
