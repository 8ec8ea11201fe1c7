"""One URL says where a server of Redis or Valkey is."""

import pytest

from fincore.redis.server_address import ServerAddress, server_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://cache", ServerAddress("cache", 6379, False)),
        ("rediss://cache:6380/0", ServerAddress("cache", 6380, True)),
        ("redis://[::1]:1", ServerAddress("::1", 1, False)),
        ("rediss://fin%40core@cache/", ServerAddress("cache", 6379, True, "fin@core")),
    ],
)
def test_url_names_the_server(url: str, address: ServerAddress) -> None:
    assert server_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "cache:6379",
        "https://cache",
        "redis://",
        "redis://cache/1",
        "redis://cache?db=1",
        "redis://cache#a",
        "redis://cache:0",
        "redis://cache:65536",
        "redis://[::1",
        "redis://:password@cache",
        "redis://user:password@cache",
    ],
)
def test_another_url_names_no_server(url: str) -> None:
    assert server_address(url) is None
