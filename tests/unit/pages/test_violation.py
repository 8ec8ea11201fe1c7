"""What is kept of a browser's report: words and origins alone, and nothing by which a customer is known."""

import json

import pytest

from fincore.write.pages.violation import OTHER, REPORTS_MAX, Pages, ReportFormat, Violation, read_violations

PAGES = Pages(
    ("/return/{charge_id}/{word}", "/return/{charge_id}/{word}/canceled", "/pay/{session}", "/pay/help", "/"),
    public_url="https://pay.example",
)
LEVEL_2: ReportFormat = "application/csp-report"
REPORTS: ReportFormat = "application/reports+json"


def level_2(**fields: object) -> Violation:
    report = {
        "document-uri": "https://pay.example/pay/cos_1",
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://evil.example/x.js?card=4242",
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    (violation,), _ = read_violations(LEVEL_2, json.dumps({"csp-report": report}).encode(), PAGES)
    return violation


def test_both_formats_say_the_same() -> None:
    report = {
        "type": "csp-violation",
        "age": 3,
        "url": "https://pay.example/pay/cos_1?mail=ada@example.com",
        "user_agent": "Mozilla",
        "body": {
            "documentURL": "https://pay.example/pay/cos_1?mail=ada@example.com#x",
            "effectiveDirective": "script-src-elem",
            "blockedURL": "https://evil.example/x.js?card=4242",
            "sample": "alert(1)",
        },
    }
    other = {"type": "deprecation", "url": "https://pay.example/", "body": {"id": "x"}}
    found, unread = read_violations(REPORTS, json.dumps([report, other]).encode(), PAGES)
    assert unread == 1
    assert found == [level_2()] == [Violation("/pay/{session}", "script-src-elem", "https://evil.example")]


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://pay.example/return/ch_1/secret?token=EC-1", "/return/{charge_id}/{word}"),
        ("https://pay.example/return/ch_1/secret/canceled", "/return/{charge_id}/{word}/canceled"),
        ("https://pay.example/pay/help", "/pay/help"),
        ("https://pay.example//pay/cos_1/", "/pay/{session}"),
        ("https://pay.example", "/"),
        ("https://pay.example/ada@example.com", OTHER),
        ("https://evil.example/pay/help", OTHER),
        ("http://pay.example/pay/help", OTHER),
        ("https://ada@pay.example/pay/help", OTHER),
        ("https://[pay", OTHER),
        ("about:blank", OTHER),
        (7, OTHER),
        (None, OTHER),
    ],
)
def test_page_is_named_without_ids_and_queries(url: object, page: str) -> None:
    assert level_2(document_uri=url).page == page


@pytest.mark.parametrize(
    ("sent", "blocked", "kind"),
    [
        ("inline", "inline", "inline"),
        ("eval", "eval", "eval"),
        ("wasm-eval", "wasm-eval", "eval"),
        ("data", "data", "other"),
        ("data:text/javascript,alert(1)", "data", "other"),
        ("HTTPS://Evil.Example:8443/a?b#c", "https://evil.example:8443", "origin"),
        ("https://ada:pw@evil.example/a", "https://evil.example", "origin"),
        ("wss://evil.example/socket", "wss://evil.example", "origin"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]", "origin"),
        ("chrome-extension://abcdef/inject.js", "extension", "extension"),
        ("moz-extension", "extension", "extension"),
        ("https://" + "x" * 400, OTHER, "other"),
        ("https://4242424242424242.evil.example/", OTHER, "other"),
        ("https://evil example/", OTHER, "other"),
        ("https://evil.example\u202e/", OTHER, "other"),
        ("customer ada@example.com", OTHER, "other"),
        ("", OTHER, "other"),
        ({"a": 1}, OTHER, "other"),
    ],
)
def test_blocked_source_is_an_origin_or_a_word(sent: object, blocked: str, kind: str) -> None:
    violation = level_2(blocked_uri=sent)
    assert (violation.blocked, violation.source_kind) == (blocked, kind)


def test_directive_is_one_of_those_that_exist() -> None:
    assert level_2(effective_directive="img-src").directive == "img-src"
    assert level_2(effective_directive="", violated_directive="style-src 'self' x").directive == "style-src"
    for made_up in ("script-src2", "x" * 5_000, "SCRIPT-SRC", 7, None, ""):
        assert level_2(effective_directive=made_up, violated_directive=None).directive == OTHER


NESTED = b"[" * 30_000 + b"]" * 30_000


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"{}", b'{"csp-report": 7}', b"\xff", b"null"),
        b'{"csp-report": {"blocked-uri": %b}}' % NESTED,
    ],
)
def test_body_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="holds no reports"):
        read_violations(LEVEL_2, body, PAGES)


@pytest.mark.parametrize(
    "body", [b"", b"[", b"{}", b"[7]", b"\xff", b"null", NESTED, b'[{"body": %b}]' % NESTED]
)
def test_list_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="holds no reports"):
        read_violations(REPORTS, body, PAGES)


@pytest.mark.parametrize(
    "report", [{}, {"type": 7}, {"type": "csp-violation"}, {"type": "csp-violation", "body": [1]}]
)
def test_report_without_what_it_needs_names_nothing(report: object) -> None:
    found, unread = read_violations(REPORTS, json.dumps([report]).encode(), PAGES)
    assert (found, unread) in (([], 1), ([Violation(OTHER, OTHER, OTHER)], 0))


def test_reports_beyond_the_bound_are_counted_as_unread() -> None:
    body = json.dumps([{"type": "csp-violation"}] * (REPORTS_MAX + 7)).encode()
    found, unread = read_violations(REPORTS, body, PAGES)
    assert (len(found), unread) == (REPORTS_MAX, 7)
