"""Where a webhook may go: one line an address or URL, each with the only thing that is wrong with it."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from fincore.notify.destination import FORBIDDEN, Forbidden, check_url, is_allowed

PUBLIC = (
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.17",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2003::1",
    "2606:4700:4700::1111",
    "3ffe::1",
)
NOT_PUBLIC = (
    "0.0.0.0",  # noqa: S104 -- to be refused, not bound
    "10.0.0.1",
    "100.64.0.0",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:1.1.1.1",
    "::1.1.1.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_public_internet_is_allowed(address: str) -> None:
    assert is_allowed(address, allow_loopback=False)


@pytest.mark.parametrize("address", [*NOT_PUBLIC, "", "localhost", "0x7f.1"])
def test_address_outside_public_internet_is_forbidden(address: str) -> None:
    assert not is_allowed(address, allow_loopback=False)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_loopback_address_is_allowed_only_in_development(address: str) -> None:
    is_loopback = address.startswith("127.") or address == "::1"
    assert is_allowed(address, allow_loopback=True) == is_loopback


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_outside_global_unicast_is_allowed(address: object) -> None:
    if is_allowed(str(address), allow_loopback=False):
        assert address in ip_network("2000::/3")


def test_each_forbidden_network_is_listed_once_with_purpose() -> None:
    assert len({network for network, _ in FORBIDDEN}) == len(FORBIDDEN)
    assert all(ip_network(network) and purpose for network, purpose in FORBIDDEN)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/hooks?shop=1&kind=a%20b",
        "https://hooks.example.co.uk:8443/fincore",
        "https://xn--bcher-kva.example/",
        "https://EXAMPLE.com/Case",
        "https://1.1.1.1/hook",
        "https://[2606:4700:4700::1111]/hook",
        "https://1e100.net/",
        "https://example.com:443/",
        "https://example.com:1024/",
    ],
)
def test_a_url_on_the_public_internet_is_called_as_it_was_given(url: str) -> None:
    checked = check_url(url, allow_loopback=False)
    assert isinstance(checked, URL)
    assert checked.path == URL(url).path
    assert checked.raw_query_string == URL(url, encoded=True).raw_query_string


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://example.com", "https://"),
        ("ftp://example.com", "https://"),
        ("//example.com", "https://"),
        ("file:///etc/passwd", "https://"),
        ("example.com", "https://"),
        ("", "characters"),
        ("https://", "name a server"),
        ("https://user@example.com", "user name"),
        ("https://user:secret@example.com", "user name"),
        ("https://example.com@127.0.0.1/", "user name"),
        ("https://@example.com/", "user name"),
        ("https://example.com/#part", "fragment"),
        ("https://example.com/ a", "characters"),
        ("https://example.com\\@127.0.0.1/", "characters"),
        ("https://exa\tmple.com/", "characters"),
        ("https://example.com/\r\nHost: a", "characters"),
        ("https://bücher.example/", "xn--"),
        ("https://127.0.0.1/", "public internet"),
        ("https://169.254.169.254/latest/meta-data", "public internet"),
        ("https://[::1]/", "public internet"),
        ("https://[::ffff:127.0.0.1]/", "public internet"),
        ("https://[64:ff9b::7f00:1]/", "public internet"),
        ("https://[fe80::1%25eth0]/", "public internet"),
        ("https://[::1/", "cannot be read"),
        ("https://127.1/", "name a server"),
        ("https://2130706433/", "name a server"),
        ("https://0x7f000001/", "name a server"),
        ("https://0x7f.1/", "name a server"),
        ("https://0177.0.0.1/", "name a server"),
        ("https://127.0.0.1./", "name a server"),
        ("https://localhost/", "name a server"),
        ("https://intranet/", "name a server"),
        ("https://a..example.com/", "name a server"),
        ("https://-a.example.com/", "name a server"),
        ("https://a_b.example.com/", "name a server"),
        ("https://example.com./", "name a server"),
        ("https://ex%61mple.com/", "name a server"),
        (f"https://{'a' * 64}.example.com/", "name a server"),
        (f"https://{'a.' * 130}com/", "name a server"),
        (f"https://example.com/{'a' * 2_048}", "2048"),
        ("https://example.com:22/", "port"),
        ("https://example.com:25/", "port"),
        ("https://example.com:80/", "port"),
        ("https://example.com:0/", "port"),
        ("https://example.com:1023/", "port"),
        ("https://example.com:65536/", "cannot be read"),
        ("https://example.com:port/", "cannot be read"),
    ],
)
def test_forbidden_url_is_refused_without_repeating_it(url: str, word: str) -> None:
    refused = check_url(url, allow_loopback=False)
    assert isinstance(refused, Forbidden)
    assert word in refused.reason
    assert refused.reason.endswith(".")
    host = url.partition("://")[2].partition("/")[0]
    assert not host or host not in refused.reason


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000/", "http://localhost:8000/", "http://[::1]:8000/", "https://localhost:8443/"],
)
def test_http_and_loopback_urls_are_allowed_only_in_development(url: str) -> None:
    assert isinstance(check_url(url, allow_loopback=True), URL)
    assert isinstance(check_url(url, allow_loopback=False), Forbidden)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "https://169.254.169.254/", "http://intranet/"])
def test_private_network_is_forbidden_also_in_development(url: str) -> None:
    assert isinstance(check_url(url, allow_loopback=True), Forbidden)
