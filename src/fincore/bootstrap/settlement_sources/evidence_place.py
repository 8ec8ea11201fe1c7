"""Where settlement files are kept, as the setting says it: a folder, or a bucket of S3. It reads no file and asks no server."""

import re
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from fincore.bootstrap.setting_values import Form
from fincore.domain.errors import ConfigurationError

PREFIX_CHARACTERS_MAX: Final = 500
"""With the names of PSP, account and file behind it, it is still the key of an object."""

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._=@+-]*/)*")


class S3Place(NamedTuple):
    """A bucket, and what the keys of all objects in it begin with: nothing, or parts that each end with a slash."""

    bucket: str
    prefix: str


EvidencePlace = Path | S3Place


def _evidence_place(name: str, text: str) -> EvidencePlace | None:
    if not text.startswith("s3:"):
        return Path(text).expanduser().resolve() if text else None
    url = urlsplit(text)
    prefix = url.path.strip("/")
    prefix = f"{prefix}/" if prefix else ""
    if (
        url.scheme != "s3"
        or not _BUCKET.fullmatch(url.netloc)
        or not _PREFIX.fullmatch(prefix)
        or len(prefix) > PREFIX_CHARACTERS_MAX
        or url.query
        or url.fragment
    ):
        raise ConfigurationError(
            f"{name} must be a folder, or a bucket such as s3://company-settlement/fincore: a bucket of 3 to 63 lower-case letters, "
            f"digits, dots and hyphens, and a prefix of at most {PREFIX_CHARACTERS_MAX} letters, digits and ._=@+-/"
        )
    return S3Place(url.netloc, prefix)


EVIDENCE_PLACE: Final = Form("a path, or s3://bucket/prefix", _evidence_place)
