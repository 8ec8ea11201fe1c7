"""The settings of the server of staff: what is missing or contradicts itself is one sentence."""

import pytest

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.roles import configured_roles
from fincore.bootstrap.staff_issuer import check_staff, staff_address
from fincore.domain.errors import ConfigurationError

ISSUER = {
    "FINCORE_STAFF_PORT": "8082",
    "FINCORE_STAFF_ISSUER": "https://login.example.com/",
    "FINCORE_STAFF_CLIENT_ID": "dashboard",
    "FINCORE_STAFF_GROUPS": "payments=support:live books=finance",
}


def check(**changes: str) -> None:
    check_staff(read_settings({name: value for name, value in (ISSUER | changes).items() if value}))


def test_issuer_with_client_and_groups_is_complete() -> None:
    check()
    check(FINCORE_STAFF_HOST="0.0.0.0", FINCORE_STAFF_URL="https://staff.example.com")  # noqa: S104 -- nothing listens


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"FINCORE_STAFF_CLIENT_ID": ""}, "FINCORE_STAFF_CLIENT_ID is missing beside FINCORE_STAFF_ISSUER"),
        ({"FINCORE_STAFF_GROUPS": ""}, "FINCORE_STAFF_GROUPS is missing beside FINCORE_STAFF_ISSUER"),
        ({"FINCORE_STAFF_ISSUER": ""}, "FINCORE_STAFF_CLIENT_ID is set without FINCORE_STAFF_ISSUER"),
        (
            {"FINCORE_STAFF_ISSUER": "http://login.example.com"},
            "FINCORE_STAFF_ISSUER must be an https:// URL",
        ),
        (
            {"FINCORE_STAFF_JWKS_URL": "http://a.example.com"},
            "FINCORE_STAFF_JWKS_URL must be an https:// URL",
        ),
        ({"FINCORE_STAFF_HOST": "10.0.0.1"}, "would send tokens in clear to 10.0.0.1"),
        ({"FINCORE_STAFF_GROUPS": "a=boss"}, "FINCORE_STAFF_GROUPS holds an entry that is not group=role"),
        ({"FINCORE_STAFF_PORT": "none"}, "FINCORE_STAFF_PORT must be a number from 0 to 65,535"),
        ({"FINCORE_STAFF_LOGOUT": "cognito"}, "FINCORE_STAFF_LOGOUT_URL is missing"),
        ({"FINCORE_STAFF_SCOPE": "profile"}, "FINCORE_STAFF_SCOPE must be words"),
        ({"FINCORE_STAFF_LOGOUT": "saml"}, "FINCORE_STAFF_LOGOUT must be one of oidc, cognito"),
    ],
)
def test_setting_that_cannot_be_used_is_one_sentence(changes: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check(**changes)


@pytest.mark.parametrize(
    "changes",
    [{"FINCORE_STAFF_HOST": "0.0.0.0"}, {"FINCORE_STAFF_URL": "https://staff.example.com"}],  # noqa: S104 -- nothing listens
)
def test_built_in_issuer_is_for_this_machine_alone(changes: dict[str, str]) -> None:
    settings = {"FINCORE_STAFF_PORT": "8082"} | changes
    with pytest.raises(ConfigurationError, match=r"FINCORE_STAFF_URL|for this machine alone"):
        check_staff(read_settings(settings))
    check_staff(read_settings({"FINCORE_STAFF_PORT": "8082"}))


def test_server_of_staff_is_at_its_port_unless_told_otherwise() -> None:
    assert staff_address(read_settings({"FINCORE_STAFF_PORT": "8082"})) == "http://127.0.0.1:8082"
    assert (
        staff_address(read_settings({"FINCORE_STAFF_PORT": "1", "FINCORE_STAFF_HOST": "::1"}))
        == "http://[::1]:1"
    )


def test_role_is_started_where_it_has_a_port() -> None:
    assert "staff" in configured_roles(read_settings(ISSUER))
    assert "staff" not in configured_roles(read_settings(ISSUER | {"FINCORE_STAFF_PORT": "off"}))
