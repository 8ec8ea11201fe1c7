"""Where settlement files are kept, as the setting says it."""

from pathlib import Path

import pytest

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.settlement_evidence import local_folder
from fincore.bootstrap.settlement_sources.evidence_place import S3Place
from fincore.domain.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("s3://company-settlement", S3Place("company-settlement", "")),
        ("s3://company-settlement/", S3Place("company-settlement", "")),
        ("s3://a.b/fincore/live", S3Place("a.b", "fincore/live/")),
        ("s3://a.b/fincore/", S3Place("a.b", "fincore/")),
        ("/srv/evidence", Path("/srv/evidence")),
        ("", None),
    ],
)
def test_place_of_evidence_is_a_folder_or_a_bucket(text: str, place: object) -> None:
    assert read_settings({"FINCORE_SETTLEMENT_EVIDENCE": text}).settlement_evidence == place


@pytest.mark.parametrize(
    "text",
    [
        "s3:",
        "s3:/bucket",
        "s3://",
        "s3://ab",
        "s3://Bucket",
        "s3://user:word@bucket",
        "s3://bucket:9000",
        "s3://bucket/../other",
        "s3://bucket/a//b",
        "s3://bucket/a b",
        "s3://bucket/a?b",
        "s3://bucket/a#b",
        "s3://bucket/.hidden",
        f"s3://bucket/{'a' * 500}",
        f"s3://{'a' * 64}",
    ],
)
def test_text_that_names_no_bucket_is_refused(text: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^FINCORE_SETTLEMENT_EVIDENCE must be a folder, or a bucket"
    ):
        read_settings({"FINCORE_SETTLEMENT_EVIDENCE": text})


def test_evidence_is_kept_beside_the_data_unless_told(tmp_path: Path) -> None:
    environment = {"FINCORE_DATA_DIR": str(tmp_path)}
    assert local_folder(read_settings(environment)) == tmp_path / "settlement"
    environment["FINCORE_SETTLEMENT_EVIDENCE"] = "/srv/evidence"
    assert local_folder(read_settings(environment)) == Path("/srv/evidence")
    environment["FINCORE_SETTLEMENT_EVIDENCE"] = "s3://company-settlement"
    assert local_folder(read_settings(environment)) == tmp_path / "settlement"
