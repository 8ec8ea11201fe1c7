"""The settings of the relay: to which engines outside PostgreSQL it carries what."""

from dataclasses import dataclass

from fincore.bootstrap.setting import setting
from fincore.bootstrap.setting_values import OPTIONAL_URL, WORD


@dataclass(frozen=True, kw_only=True)
class RelaySettings:
    """A part of `Settings`."""

    event_stream: str | None = setting(
        WORD,
        "name of the stream of Kinesis to which the role `relay` carries the log, which needs the extra `aws`; empty: none, and "
        "there is no such role",
    )
    event_stream_region: str | None = setting(
        WORD, "region of that stream; empty: the one that the AWS library finds, as in AWS_REGION"
    )
    event_stream_url: str | None = setting(OPTIONAL_URL, "an emulator of Kinesis; empty: AWS itself")
    job_queue: str | None = setting(
        WORD,
        "name of the queue of SQS to which the role `relay` carries due jobs and from which the role `worker` takes them, which needs the extra `aws`; "
        "empty: workers take them from PostgreSQL",
    )
    job_dead_letters: str | None = setting(
        WORD,
        "name of the queue of SQS for that queue's dead letters, which the role `relay` takes from it; empty: they stay there",
    )
    job_queue_region: str | None = setting(
        WORD, "region of these two queues; empty: the one that the AWS library finds, as in AWS_REGION"
    )
    job_queue_url: str | None = setting(OPTIONAL_URL, "an emulator of SQS; empty: AWS itself")
