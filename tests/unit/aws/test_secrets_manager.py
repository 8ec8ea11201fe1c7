"""How the adapter of Secrets Manager reads its answers: one text, or a sentence that holds none."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from fincore.aws.secrets_manager import SecretRefused, VersionStage, secret_text

NAME = "fincore/test/key"


class Client:
    """A client that always gives the same answer, and keeps what it was asked."""

    def __init__(self, answer: Mapping[str, Any] | Exception) -> None:
        self._answer = answer
        self.asked: list[dict[str, Any]] = []

    def get_secret_value(self, **request: Any) -> Mapping[str, Any]:
        self.asked.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "hidden"}}, "GetSecretValue")


@pytest.mark.parametrize("stage", ["AWSCURRENT", "AWSPREVIOUS"])
def test_version_is_asked_for_by_its_stage(stage: VersionStage) -> None:
    client = Client({"SecretString": " sk_test_1\n"})
    assert secret_text(client, NAME, stage) == "sk_test_1"
    assert client.asked == [{"SecretId": NAME, "VersionStage": stage}]


def test_one_value_of_a_json_object_is_picked() -> None:
    client = Client({"SecretString": '{"user": "fincore", "password": "word"}'})
    assert secret_text(client, f"{NAME}#password", "AWSCURRENT") == "word"
    assert client.asked[0]["SecretId"] == NAME


def test_secret_without_a_previous_version_has_none() -> None:
    assert secret_text(Client(refusal("ResourceNotFoundException")), NAME, "AWSPREVIOUS") is None


@pytest.mark.parametrize(
    ("answer", "name", "told"),
    [
        (refusal("ResourceNotFoundException"), NAME, f"Secrets Manager has no secret {NAME} with a value"),
        (refusal("AccessDeniedException"), NAME, f"denies access (AccessDeniedException): {NAME}"),
        (refusal("DecryptionFailure"), NAME, f"refuses the call (DecryptionFailure): {NAME}"),
        (EndpointConnectionError(endpoint_url="http://x"), NAME, f"(EndpointConnectionError): {NAME}"),
        ({"SecretBinary": b"hidden"}, NAME, "is no text"),
        ({"SecretString": "h" * 65_537}, NAME, "is no text"),
        ({"SecretString": " \n"}, NAME, "is empty"),
        ({"SecretString": "hidden"}, f"{NAME}#key", "is no JSON object with a text key"),
        ({"SecretString": '["hidden"]'}, f"{NAME}#key", "is no JSON object with a text key"),
        ({"SecretString": '{"other": "hidden"}'}, f"{NAME}#key", "is no JSON object with a text key"),
        ({"SecretString": '{"key": 1}'}, f"{NAME}#key", "is no JSON object with a text key"),
    ],
)
def test_what_is_no_secret_is_one_clause_without_it(
    answer: Mapping[str, Any] | Exception, name: str, told: str
) -> None:
    with pytest.raises(SecretRefused) as error:
        secret_text(Client(answer), name, "AWSCURRENT")
    assert told in str(error.value)
    assert "hidden" not in str(error.value)
