"""What an issuer says of a person: an address counts only where the issuer has verified it."""

import pytest

from fincore.staff.access.issuer_documents import UserInfo


@pytest.mark.parametrize(
    ("verified", "counts"), [(True, True), ("true", True), (False, False), ("false", False), ("yes", False)]
)
def test_address_that_is_not_verified_does_not_count(verified: object, *, counts: bool) -> None:
    info = UserInfo(sub="s", email="ada@example.com", email_verified=verified)  # type: ignore[arg-type]
    assert (info.verified_email == "ada@example.com") == counts
    assert UserInfo(sub="s", email="ada@example.com").verified_email is None
