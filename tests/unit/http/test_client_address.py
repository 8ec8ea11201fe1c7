"""The client's address: from the right, over trusted proxies only."""

from ipaddress import ip_address, ip_network
from typing import Any, cast

import pytest

from fincore.domain.ids import new_request_id
from fincore.http.client_address import client_address
from fincore.http.exchange import Call
from fincore.http.rate_limit import RateLimiter

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # no proxy of ours: it may write what it likes
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1 , 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1,"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db9::1]:4711"], "2001:db9::1"),
        ("10.0.0.1", ["2001:db9::1, 2001:db8::7"], "2001:db9::1"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
    ],
)
def test_the_client_is_the_first_address_no_proxy_of_ours_has(
    peer: str, forwarded_for: list[str], client: str
) -> None:
    assert client_address(peer, forwarded_for, TRUSTED) == ip_address(client)


@pytest.mark.parametrize("peer", [None, "", "/run/fincore.sock"])
def test_client_address_of_peer_without_address_is_none(peer: str | None) -> None:
    assert client_address(peer, ["198.51.100.1"], TRUSTED) is None


def test_a_call_reads_each_header_of_its_proxies() -> None:
    scope = {
        "client": ("10.0.0.1", 4711),
        "headers": [
            (b"x-forwarded-for", b"1.1.1.1"),
            (b"host", b"x"),
            (b"x-forwarded-for", b"198.51.100.1, 10.0.0.2"),
        ],
    }
    call = Call(
        cast("Any", scope),
        cast("Any", None),
        path="/v1/charges",
        parameters={},
        request_id=new_request_id(),
        body_seconds_max=1.0,
        limiter=RateLimiter(live_per_second=1, test_per_second=1),
        place=None,
    )
    assert call.client_address(TRUSTED) == ip_address("198.51.100.1")
    assert call.client_address(()) == ip_address("10.0.0.1")


def test_forwarded_address_without_trusted_proxy_is_ignored() -> None:
    assert client_address("127.0.0.1", ["198.51.100.1"], ()) == ip_address("127.0.0.1")
