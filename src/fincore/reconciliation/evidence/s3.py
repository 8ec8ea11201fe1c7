"""The evidence store in a bucket of S3: `{prefix}{psp}/{account}/{sha256}-{name}`.

S3 is asked to take an object only where none is, and to compare what arrived with its SHA-256. It is asked to delete nothing.
"""

import asyncio
import base64
import hashlib
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, Protocol

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from fincore.domain.outcome import PspAccount, PspName
from fincore.reconciliation.evidence.port import (
    FILE_BYTES_MAX,
    EvidenceNotKept,
    EvidenceUnavailable,
    KeptFile,
    altered,
    location_of,
    require_keepable,
    require_location,
)

CHUNK_BYTES: Final = 1024 * 1024
PART_BYTES: Final = 16 * 1024 * 1024
"""The most of a file that is in memory; a larger one goes in parts of this size. S3 takes 10,000 parts of at least 5 MiB."""
TRIES_MAX: Final = 4
"""How often a file is sent where another process sends the same one at the same time."""
PAUSE_SECONDS: Final = 0.2
"""The pause before the second try; each further one is twice as long."""
FILE_SECONDS_MAX: Final = 3_600.0
"""How long one file may take to be kept, or to be read."""
FOLDER_MODE: Final = 0o700

_FAILURES: Final = (BotoCoreError, ClientError, aiohttp.ClientError, OSError)
"""What the library raises where S3 refuses, fails, or cannot be reached."""

_REFUSED: Final[Mapping[str, str]] = {
    "301": "the bucket is in another region",
    "400": "S3 refuses the request",
    "403": "S3 denies access",
    "404": "it is not there",
    "AccessDenied": "S3 denies access",
    "BadDigest": "it changed while it was sent",
    "ExpiredToken": "the credentials for S3 have expired",
    "InvalidAccessKeyId": "S3 does not know the credentials",
    "NoSuchBucket": "the bucket is not there",
    "NoSuchKey": "it is not there",
    "NoSuchUpload": "its upload was ended",
    "PermanentRedirect": "the bucket is in another region",
    "SignatureDoesNotMatch": "S3 refuses the credentials",
}
"""Code of an error -> what it means, as a clause."""

BucketState = Literal["ready", "absent", "denied", "keeps_too_short", "keeps_unless_bypassed"]
"""`keeps_too_short`: it does not keep each object for as long as asked. `keeps_unless_bypassed`: it does, in a mode other than compliance: who
has the right `s3:BypassGovernanceRetention` deletes objects before."""

_SERVER_ERROR: Final = 500
_DAYS_OF_UNIT: Final = {"Days": 1, "Years": 365}


class S3Client(Protocol):
    """What is used of the client that aiobotocore makes."""

    async def put_object(self, **request: Any) -> Mapping[str, Any]: ...
    async def get_object(self, **request: Any) -> Mapping[str, Any]: ...
    async def create_multipart_upload(self, **request: Any) -> Mapping[str, Any]: ...
    async def upload_part(self, **request: Any) -> Mapping[str, Any]: ...
    async def complete_multipart_upload(self, **request: Any) -> Mapping[str, Any]: ...
    async def abort_multipart_upload(self, **request: Any) -> Mapping[str, Any]: ...
    async def head_bucket(self, **request: Any) -> Mapping[str, Any]: ...
    async def get_object_lock_configuration(self, **request: Any) -> Mapping[str, Any]: ...


class S3Evidence:
    """An `EvidenceStore` in a bucket. `spool` is a folder of this machine in which a file lies, without a name, while it is read."""

    def __init__(
        self, client: S3Client, bucket: str, *, prefix: str = "", spool: Path, part_bytes: int = PART_BYTES
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._spool = spool
        self._part_bytes = part_bytes

    async def keep(self, psp: PspName, psp_account: PspAccount, name: str, content: BinaryIO) -> KeptFile:
        """See the port. A crash leaves at most parts of an upload, which no reader sees and which a rule of the bucket deletes."""
        require_keepable(psp, psp_account, name)
        start = content.tell()
        try:
            async with asyncio.timeout(FILE_SECONDS_MAX):
                digest = await asyncio.to_thread(_hash, name, content)
                sha256, size_bytes = digest.hexdigest(), content.tell() - start
                if size_bytes > FILE_BYTES_MAX:
                    raise EvidenceNotKept(f"{name} has more than {FILE_BYTES_MAX:,} bytes")
                location = location_of(psp, psp_account, name, sha256)
                if not await self._sent(location, content, start, size_bytes, digest.digest()):
                    await self._require_same(location, sha256)
        except TimeoutError:
            raise EvidenceNotKept(f"{name} was not kept within {FILE_SECONDS_MAX:,.0f} s") from None
        return KeptFile(
            psp=psp,
            psp_account=psp_account,
            name=name,
            sha256=sha256,
            size_bytes=size_bytes,
            location=location,
        )

    async def open(self, location: str, sha256: str) -> BinaryIO:
        """See the port. The file lies on this machine then, in a place that no other process finds."""
        require_location(location)
        try:
            opened = await asyncio.to_thread(self._spooled)
        except OSError as error:
            raise EvidenceNotKept(f"no file can be written in {self._spool} ({error.strerror})") from error
        try:
            digest = hashlib.sha256()
            async with asyncio.timeout(FILE_SECONDS_MAX):
                async for chunk in self._chunks(location):
                    digest.update(chunk)
                    await asyncio.to_thread(_write, opened, chunk, self._spool)
            _require_hash(digest.hexdigest(), sha256, location)
            opened.seek(0)
        except TimeoutError:
            opened.close()
            raise EvidenceNotKept(
                f"the kept file {location} was not read within {FILE_SECONDS_MAX:,.0f} s"
            ) from None
        except BaseException:
            opened.close()
            raise
        return opened

    async def state(self, *, kept_days: int = 0) -> BucketState:
        """Whether the bucket is there and keeps each object for so many days by itself, as its Object Lock says. Raises `EvidenceNotKept`."""
        try:
            await self._client.head_bucket(Bucket=self._bucket)
            if not kept_days:
                return "ready"
            answer = await self._client.get_object_lock_configuration(Bucket=self._bucket)
        except _FAILURES as error:
            code = _code_of(error)
            if code in {"404", "NoSuchBucket"}:
                return "absent"
            if code in {"403", "AccessDenied"}:
                return "denied"
            if code == "ObjectLockConfigurationNotFoundError":
                return "keeps_too_short"
            raise _failure(f"the bucket {self._bucket} cannot be used", error) from None
        rule = answer.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
        days = max((rule.get(unit, 0) * days for unit, days in _DAYS_OF_UNIT.items()), default=0)
        if days < kept_days:
            return "keeps_too_short"
        return "ready" if rule.get("Mode") == "COMPLIANCE" else "keeps_unless_bypassed"

    async def _sent(
        self, location: str, content: BinaryIO, start: int, size_bytes: int, digest: bytes
    ) -> bool:
        """Have S3 take the file; False where it has an object of that name."""
        for attempt in range(TRIES_MAX):
            if attempt:
                await asyncio.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
            content.seek(start)
            try:
                if size_bytes <= self._part_bytes:
                    await self._put(location, await _piece(location, content, self._part_bytes), digest)
                else:
                    await self._put_in_parts(location, content, digest)
            except _FAILURES as error:
                code = _code_of(error)
                if code == "PreconditionFailed":
                    return False
                if code == "ConditionalRequestConflict":
                    continue
                raise _failure(f"{location} cannot be kept in the bucket {self._bucket}", error) from None
            return True
        raise EvidenceNotKept(
            f"{location} is being sent to the bucket {self._bucket} by other processes, too: repeat it later"
        )

    async def _put(self, location: str, body: bytes, digest: bytes) -> None:
        await self._client.put_object(
            Bucket=self._bucket,
            Key=self._prefix + location,
            Body=body,
            ChecksumSHA256=_base64(digest),
            IfNoneMatch="*",
        )

    async def _put_in_parts(self, location: str, content: BinaryIO, digest: bytes) -> None:
        """S3 has a SHA-256 of each part, and none of the whole: that is compared here, before the parts become an object."""
        of_object = {"Bucket": self._bucket, "Key": self._prefix + location}
        upload = of_object | {
            "UploadId": (await self._client.create_multipart_upload(**of_object, ChecksumAlgorithm="SHA256"))[
                "UploadId"
            ]
        }
        try:
            parts: list[dict[str, Any]] = []
            whole = hashlib.sha256()
            while body := await _piece(location, content, self._part_bytes):
                await asyncio.to_thread(whole.update, body)
                part: dict[str, Any] = {
                    "PartNumber": len(parts) + 1,
                    "ChecksumSHA256": _base64(await asyncio.to_thread(_digest, body)),
                }
                answer = await self._client.upload_part(**upload, **part, Body=body)
                parts.append(part | {"ETag": answer["ETag"]})
            _require_unchanged(location, whole.digest(), digest)
            await self._client.complete_multipart_upload(
                **upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
            )
        except BaseException:
            await self._abort(upload)
            raise

    async def _abort(self, upload: Mapping[str, str]) -> None:
        """Give up the parts that were sent, as far as S3 can be reached: they cost money, and belong to no object."""
        try:
            await self._client.abort_multipart_upload(**upload)
        except _FAILURES:
            return

    async def _require_same(self, location: str, sha256: str) -> None:
        """Raise `EvidenceNotKept` where the object of that name is another file."""
        digest = hashlib.sha256()
        async for chunk in self._chunks(location):
            digest.update(chunk)
        _require_hash(digest.hexdigest(), sha256, location)

    async def _chunks(self, location: str) -> AsyncIterator[bytes]:
        try:
            answer = await self._client.get_object(Bucket=self._bucket, Key=self._prefix + location)
            async with answer["Body"] as body:
                size_bytes = 0
                while chunk := await body.read(CHUNK_BYTES):
                    size_bytes += len(chunk)
                    if size_bytes > FILE_BYTES_MAX:
                        raise EvidenceNotKept(
                            f"the kept file {location} was altered: it has more than {FILE_BYTES_MAX:,} bytes; restore it from a backup"
                        )
                    yield chunk
        except _FAILURES as error:
            raise _failure(
                f"the kept file {location} cannot be read in the bucket {self._bucket}", error
            ) from None

    def _spooled(self) -> BinaryIO:
        self._spool.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=self._spool)


def _hash(name: str, content: BinaryIO) -> "hashlib._Hash":
    digest = hashlib.sha256()
    while chunk := _read(name, content, CHUNK_BYTES):
        digest.update(chunk)
    return digest


async def _piece(name: str, content: BinaryIO, size_bytes: int) -> bytes:
    """The next bytes: so many, or up to the end."""

    def read() -> bytes:
        pieces: list[bytes] = []
        missing = size_bytes
        while missing and (piece := _read(name, content, missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    return await asyncio.to_thread(read)


def _read(name: str, content: BinaryIO, size_bytes: int) -> bytes:
    try:
        return content.read(size_bytes)
    except OSError as error:
        raise EvidenceNotKept(f"{name} cannot be kept ({error.strerror})") from error


def _write(opened: BinaryIO, chunk: bytes, spool: Path) -> None:
    try:
        opened.write(chunk)
    except OSError as error:
        raise EvidenceNotKept(f"no file can be written in {spool} ({error.strerror})") from error


def _require_hash(found: str, sha256: str, location: str) -> None:
    if found != sha256:
        raise altered(location, found, sha256)


def _require_unchanged(location: str, sent: bytes, digest: bytes) -> None:
    if sent != digest:
        raise EvidenceNotKept(f"{location} changed while it was sent: fetch it again")


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _code_of(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _failure(what: str, error: Exception) -> EvidenceNotKept:
    """What an error means to a person. What the library says beyond its code is left out: it may hold a signed request."""
    if not isinstance(error, ClientError):
        return EvidenceUnavailable(f"{what}: S3 cannot be reached ({type(error).__name__})")
    code = _code_of(error)
    if clause := _REFUSED.get(code):
        return EvidenceNotKept(f"{what}: {clause} ({code})")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind = EvidenceUnavailable if status >= _SERVER_ERROR else EvidenceNotKept
    return kind(f"{what}: S3 answers {code or 'an error'} (HTTP {status})")
