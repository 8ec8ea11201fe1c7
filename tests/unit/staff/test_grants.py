"""From groups to grants, and from grants to scopes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.ids import MerchantId, new_merchant_id
from fincore.staff.access.grants import GroupMap, grants_of, read_group_map
from fincore.staff.access.permissions import PERMISSIONS, ROLES, permissions_of
from fincore.staff.access.person import Grant, Person

MERCHANTS = [new_merchant_id() for _ in range(3)]
GRANTS = st.builds(
    Grant,
    role=st.sampled_from(ROLES),
    livemode=st.sampled_from([None, True, False]),
    merchant_id=st.sampled_from([None, *MERCHANTS]),
)


def test_group_map_reads_roles_modes_and_merchants() -> None:
    merchant_id = MERCHANTS[0]
    read = read_group_map(f"a=viewer, b=support:live  b=finance:test@{merchant_id},c@d=admin@{merchant_id}")
    assert dict(read) == {
        "a": (Grant(role="viewer"),),
        "b": (
            Grant(role="support", livemode=True),
            Grant(role="finance", livemode=False, merchant_id=merchant_id),
        ),
        "c@d": (Grant(role="admin", merchant_id=merchant_id),),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a=boss", "not group=role"),
        ("a", "not group=role"),
        ("=viewer", "not group=role"),
        ("a=viewer:both", "not group=role"),
        ("a=viewer@ch_1", "no merchant id"),
        ("a=viewer " * 1001, "1000 entries"),
    ],
)
def test_group_map_that_cannot_be_read_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_group_map(text)


def test_group_that_is_not_in_the_map_gives_no_grant() -> None:
    held = GroupMap({"a": (Grant(role="viewer"),)})
    assert grants_of(["b", "admin", "a", "a"], held) == (Grant(role="viewer"),)


@given(st.lists(GRANTS, max_size=6), st.sampled_from(list(PERMISSIONS)), st.booleans())
def test_scope_holds_exactly_what_a_grant_gives(grants: list[Grant], permission: str, livemode: bool) -> None:  # noqa: FBT001
    """By the definition, grant by grant, against the scope that statements filter by."""
    person = Person(subject="s", username="u", name="n", grants=tuple(grants))
    scope = person.scope(permission, livemode=livemode)  # type: ignore[arg-type]

    def is_given(merchant_id: MerchantId) -> bool:
        return any(
            permission in permissions_of(one.role)
            and one.livemode in (None, livemode)
            and one.merchant_id in (None, merchant_id)
            for one in grants
        )

    for merchant_id in (*MERCHANTS, MerchantId("mer_other")):
        assert (scope is not None and scope.holds(merchant_id)) == is_given(merchant_id)
        if scope is not None:
            narrowed = scope.narrowed_to(merchant_id)
            assert narrowed.merchant_ids == ((merchant_id,) if is_given(merchant_id) else ())


@given(st.lists(GRANTS, max_size=6))
def test_further_grant_never_takes_a_permission_away(grants: list[Grant]) -> None:
    for permission in PERMISSIONS:
        for livemode in (False, True):
            fewer = Person(subject="s", username="u", name="n", grants=tuple(grants[:-1]))
            more = Person(subject="s", username="u", name="n", grants=tuple(grants))
            before, after = (one.scope(permission, livemode=livemode) for one in (fewer, more))
            for merchant_id in MERCHANTS:
                if before is not None and before.holds(merchant_id):
                    assert after is not None
                    assert after.holds(merchant_id)


def test_admins_move_no_money_and_viewers_change_nothing() -> None:
    assert permissions_of("admin").isdisjoint(
        {"payments.act", "reviews.decide", "outcomes.resolve", "breaks.decide", "money.approve"}
    )
    assert all(one.endswith(".read") for one in permissions_of("viewer"))
    assert "settings.approve" not in permissions_of("finance")
