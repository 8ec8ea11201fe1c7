"""The guide of the browser SDK lists every event, option and error of the published types, and the policy that the tests pay under."""

import re
from pathlib import Path
from typing import Final

from fixtures.paying_page import POLICY

ROOT: Final = Path(__file__).parents[2]
GUIDE: Final = (ROOT / "docs/guides/browser-sdk.md").read_text()
SOURCES: Final = ROOT / "web/sdk/src"
TYPES: Final = (SOURCES / "public.ts").read_text()


def section(title: str) -> str:
    return GUIDE[GUIDE.index(f"\n## {title}\n") :].removeprefix("\n## ").partition("\n## ")[0]


def members(interface: str) -> set[str]:
    body = re.search(rf"interface {interface}\b[^{{]*{{\n(.*?)\n}}", TYPES, re.DOTALL)
    assert body, interface
    return set(re.findall(r"^  (\w+)[?(<:]", body[1], re.MULTILINE))


def first_cells(text: str) -> set[str]:
    """The names in the first cells of the tables."""
    return {name for cell in re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE) for name in names(cell)}


def names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)", cell)


def codes_in(text: str) -> list[str]:
    return re.findall(r'"(\w+)"', text)


def test_guide_lists_each_error_and_whether_to_retry() -> None:
    union = re.search(r"export type ErrorCode =(.*?);", TYPES, re.DOTALL)
    retryable = re.search(r"RETRYABLE.*? = \[(.*?)\]", (SOURCES / "errors.ts").read_text(), re.DOTALL)
    assert union
    assert retryable
    rows = re.findall(r"^\| `(\w+)` \|.*\| (yes)? ?\|$", section("Errors"), re.MULTILINE)
    assert [code for code, _ in rows] == codes_in(union[1])
    assert {code for code, again in rows if again} == set(codes_in(retryable[1]))


def test_guide_lists_each_event_of_card_fields() -> None:
    assert first_cells(section("Events")) == members("CardFieldsEvents")


def test_guide_lists_each_option_and_call_of_card_fields() -> None:
    offered = {"LoadOptions", "Amount", "CardFieldsOptions", "CardFields", "Mountable"}
    assert first_cells(section("Card fields")) == set().union(*map(members, offered))


def test_guides_policy_is_the_one_the_tests_pay_under() -> None:
    policy = GUIDE.partition("<!-- policy: sandbox -->\n```text\n")[2].partition("\n")[0]
    assert policy
    filled = POLICY.replace("{fincore}", "http://127.0.0.1:8081").replace("{psp}", "http://127.0.0.1:12111")
    assert set(policy.split("; ")) <= set(filled.split("; "))
    assert "`require-trusted-types-for 'script'; trusted-types fincore`" in GUIDE
