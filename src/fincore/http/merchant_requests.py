"""What merchants' requests are counted by: the class of the key that they show, whether they write, and how they were answered.

The class is read from the text of the key, before it is looked up: a store that is away fails requests of a class, too.
"""

from base64 import b64decode
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, get_args

from prometheus_client import Counter, Histogram

from fincore.http.metrics import MERCHANT_REQUEST_SECONDS, MERCHANT_REQUESTS

Purpose = Literal["accept", "read"]
Result = Literal["answered", "unauthorized", "limited", "unavailable", "failed"]


class KeyClass(NamedTuple):
    """`mode` is `live` or `test`, `key` is `secret` or `publishable`; both are `unknown` for what is no key."""

    mode: str
    key: str


_UNKNOWN: Final = KeyClass("unknown", "unknown")
_BY_PREFIX: Final = {
    b"sk_live_": KeyClass("live", "secret"),
    b"sk_test_": KeyClass("test", "secret"),
    b"pk_live_": KeyClass("live", "publishable"),
    b"pk_test_": KeyClass("test", "publishable"),
}
_PREFIX_BYTES: Final = 8
_BASIC_BYTES: Final = 12
"""So many characters of base64 hold the prefix of a key."""
_READS: Final = ("GET", "HEAD")
_RESULTS: Final[dict[int, Result]] = {401: "unauthorized", 429: "limited", 503: "unavailable"}
_FAILED_FROM: Final = 500

_Series = tuple[Histogram, dict[Result, Counter]]
_SERIES: Final[dict[tuple[KeyClass, Purpose], _Series]] = {
    (shown, purpose): (
        MERCHANT_REQUEST_SECONDS.labels(*shown, purpose),
        {result: MERCHANT_REQUESTS.labels(*shown, purpose, result) for result in get_args(Result)},
    )
    for shown in (*_BY_PREFIX.values(), _UNKNOWN)
    for purpose in get_args(Purpose)
}


def key_class_of(headers: Sequence[tuple[bytes, bytes]]) -> KeyClass:
    """The class of the key that the headers show, whether or not there is such a key."""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, credentials = value.partition(b" ")
            shown = credentials.lstrip()
            return _BY_PREFIX.get(
                _decoded(shown) if scheme.lower() == b"basic" else shown[:_PREFIX_BYTES], _UNKNOWN
            )
    return _UNKNOWN


def count_request(
    headers: Sequence[tuple[bytes, bytes]],
    method: str,
    status: int,
    seconds: float,
    exemplar: dict[str, str] | None = None,
    *,
    has_waited: bool,
) -> None:
    """Count a request that was answered. `exemplar` names its trace beside its duration.

    What a stranger can send without end, requests without a key of ours or beyond a limit, is counted apart and not measured: it must not
    make the share of failures look small.
    """
    durations, results = _SERIES[key_class_of(headers), "read" if method in _READS else "accept"]
    result = _RESULTS.get(status, "failed" if status >= _FAILED_FROM else "answered")
    results[result].inc()
    if result == "answered" and not has_waited:
        durations.observe(seconds, exemplar)


def _decoded(credentials: bytes) -> bytes:
    try:
        return b64decode(credentials[:_BASIC_BYTES], validate=True)[:_PREFIX_BYTES]
    except ValueError:
        return b""
