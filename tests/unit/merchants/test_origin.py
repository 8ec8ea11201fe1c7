"""What an operator may register as an origin, and how it is spelled then; what means more or less is refused in words."""

import pytest

from fincore.write.merchants.origin import OriginNotUsable, read_origin


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://my_shop.example", "https://my_shop.example"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("https://[2001:DB8:0::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost", "http://localhost"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
    ],
)
def test_origin_is_spelled_as_browsers_spell_it(written: str, origin: str) -> None:
    assert read_origin(written, livemode=False) == origin


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("https://shop.example/", "leave out what follows the host, https://shop.example$"),
        ("https://shop.example/cart?a=1", "leave out what follows the host"),
        ("https://shop.example?a", "leave out what follows the host"),
        ("https://shop.example#a", "leave out what follows the host"),
        ("https://shop.example\\@evil.example", "leave out what follows the host"),
        ("https://4242424242424242.example", "^the origin holds a card number"),
        ("*.shop.example", "is a pattern"),
        ("https://*.shop.example", "is a pattern"),
        ("*", "is a pattern"),
        ("null", "no scheme"),
        ("shop.example", "no scheme"),
        ("//shop.example", "no scheme"),
        ("ftp://shop.example", "no scheme"),
        ("file:///home", "no scheme"),
        ("https://ada:secret@shop.example", "scheme, the host and the port alone"),
        ("https://shop%2eexample", "scheme, the host and the port alone"),
        ("https://shop .example", "scheme, the host and the port alone"),
        ("https://", "names no host"),
        ("https://shop..example", "names no host"),
        ("https://shop.example.", "names no host"),
        ("https://-shop.example", "names no host"),
        ("https://shop.example:0", "names no host"),
        ("https://shop.example:", "names no host"),
        ("https://shop.example:99999", "names no host"),
        ("https://shop.example:port", "names no host"),
        ("https://127.1", "names no host"),
        ("https://0x7f000001", "names no host"),
        ("https://2130706433", "names no host"),
        ("https://[::1", "names no host"),
        ("https://shop,example", "names no host"),
        ("https://" + "x" * 300, "at most 280 characters"),
        ("https://shop.example\nhttps://evil.example", "all printable"),
        ("http://shop.example", "must begin with https://"),
        ("http://localhost.evil.example", "must begin with https://"),
        ("http://127.0.0.2", "must begin with https://"),
    ],
)
def test_what_is_no_single_origin_is_refused_in_words(written: str, said: str) -> None:
    with pytest.raises(OriginNotUsable, match=said):
        read_origin(written, livemode=False)


def test_live_mode_takes_no_plain_http_at_all() -> None:
    for written in ("http://localhost:3000", "http://127.0.0.1"):
        with pytest.raises(OriginNotUsable, match="in live mode must begin with https://"):
            read_origin(written, livemode=True)
    assert read_origin("https://shop.example", livemode=True) == "https://shop.example"
