"""The text of a message about a job: its id, and the version of this form. It never holds what the job is about. Pure."""

from typing import Final, Literal

import msgspec

FORM: Final = 1
_TEXT_BYTES_MAX: Final = 1_000


class _JobMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: Literal[1]
    job_id: str


def text_of(job_id: str) -> str:
    """A message about a job."""
    return msgspec.json.encode(_JobMessage(FORM, job_id)).decode()


def job_id_in(text: str) -> str | None:
    """The job that a message is about; None where it has another form."""
    if len(text) > _TEXT_BYTES_MAX:
        return None
    try:
        return msgspec.json.decode(text, type=_JobMessage).job_id
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
