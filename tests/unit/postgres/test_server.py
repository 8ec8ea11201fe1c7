"""What FinCore needs of a PostgreSQL server, decided from what the server says of itself."""

import pytest

from fincore.postgres.server import POSTGRESQL_MIN, Server, flaw_of

GOOD = Server(
    version_number=180_004,
    version="18.4",
    encoding="UTF8",
    schema="public",
    search_path='"$user", public',
    is_read_only=False,
)


@pytest.mark.parametrize("major", range(POSTGRESQL_MIN, 20))
def test_supported_version_has_no_flaw(major: int) -> None:
    assert flaw_of(GOOD._replace(version_number=major * 10_000), writes=True) is None


@pytest.mark.parametrize(
    ("server", "names"),
    [
        (GOOD._replace(version_number=149_999, version="14.99"), "PostgreSQL 14.99"),
        (GOOD._replace(version_number=90_624, version="9.6.24"), "version 15 or later"),
        (GOOD._replace(encoding="LATIN1"), "LATIN1"),
        (GOOD._replace(encoding="SQL_ASCII"), "SQL_ASCII"),
        (GOOD._replace(schema=None, search_path="nope"), "search_path (nope)"),
        (GOOD._replace(is_read_only=True), "read-only"),
    ],
)
def test_server_flaw_is_one_sentence_naming_the_setting(server: Server, names: str) -> None:
    flaw = flaw_of(server, writes=True)
    assert flaw is not None
    assert names in flaw
    assert "\n" not in flaw


def test_read_only_server_may_be_read() -> None:
    assert flaw_of(GOOD._replace(is_read_only=True), writes=False) is None
