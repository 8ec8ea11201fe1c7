"""The templates in the repository are what the CDK makes of the examples today, and CloudFormation can read them."""

import json
import os
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import msgspec
import pytest
from infra.findings import CDK_NAG, CFN_LINT, CHECKOV
from infra.installation import InstallationRefused, read_installation
from infra.roles import DEPLOYED
from infra.secret_names import secrets_of
from infra.sources import DIGEST, EXAMPLES, PIPELINE_EXAMPLE, TEMPLATES, sources_digest

PROJECT: Final = Path(__file__).parents[2]
UV: Final = PROJECT / ".venv/bin/uv"
CHECKOV_VERSION: Final = "checkov@3.3.30"
ENVIRONMENT: Final = PROJECT / ".venv/infra"


@pytest.fixture(scope="module")
def tools() -> Path:
    """The programs of the group `infra`, in an environment of their own."""
    made = subprocess.run(
        [str(UV), "sync", "--quiet", "--frozen", "--no-default-groups", "--group", "infra"],
        cwd=PROJECT,
        env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"the CDK could not be installed: {made.stderr.strip()[-200:]}")
    return ENVIRONMENT / "bin"


def test_templates_are_of_these_sources() -> None:
    """`make infra` writes them anew; the long tests compare them with what it would write."""
    assert DIGEST.read_text().strip() == sources_digest()


@pytest.mark.long
@pytest.mark.parametrize("example", [*EXAMPLES, PIPELINE_EXAMPLE], ids=lambda path: path.stem)
def test_templates_are_the_same_however_often_they_are_made(
    tools: Path, example: Path, tmp_path: Path
) -> None:
    """Without credentials, and with a proxy that refuses: nothing is asked over a network."""
    closed = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    subprocess.run(
        [str(tools / "python"), "-m", "infra", str(example), str(tmp_path)],
        cwd=PROJECT,
        env={**kept, **closed, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1"},
        check=True,
        capture_output=True,
    )
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_text() for path in TEMPLATES.glob(f"fincore-{example.stem}*.json")}


@pytest.mark.long
@pytest.mark.timeout(900)
def test_installation_without_functions_has_services_do_all(tools: Path, tmp_path: Path) -> None:
    example = tmp_path / "staging.toml"
    text = EXAMPLES[1].read_text()
    assert "functions = [" in text
    example.write_text(re.sub(r"^functions = .*$", "", text, flags=re.MULTILINE))
    subprocess.run(
        [str(tools / "python"), "-m", "infra", str(example), str(tmp_path)],
        cwd=PROJECT,
        env={**os.environ, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1"},
        check=True,
        capture_output=True,
    )
    app = json.loads((tmp_path / "fincore-staging-app.json").read_text())["Resources"].values()
    assert not any(one["Type"].startswith(("AWS::Lambda::", "AWS::Events::")) for one in app)
    counts = [one["Properties"]["DesiredCount"] for one in app if one["Type"] == "AWS::ECS::Service"]
    assert len(counts) == len(DEPLOYED)
    assert all(counts)
    alarms = (tmp_path / "fincore-staging-observability.json").read_text()
    for consumer in ("projectionist", "ledger", "notify", "risk"):
        assert f'"Value": "{consumer}"' in alarms


@pytest.mark.long
@pytest.mark.timeout(900)
def test_cfn_lint_finds_only_what_is_argued_for(tools: Path) -> None:
    files = sorted(map(str, TEMPLATES.glob("*.json")))
    done = subprocess.run(
        [str(tools / "cfn-lint"), "--format", "json", *files], capture_output=True, text=True, check=False
    )
    found = {one["Rule"]["Id"] for one in json.loads(done.stdout)}
    assert found == CFN_LINT.keys()


@pytest.mark.long
@pytest.mark.timeout(900)
def test_checkov_finds_only_what_is_argued_for() -> None:
    files = [argument for path in sorted(TEMPLATES.glob("*.json")) for argument in ("--file", str(path))]
    options = ["--framework", "cloudformation", "--skip-download", "--quiet", "--compact", "--output", "json"]
    done = subprocess.run(
        [str(UV), "tool", "run", "--quiet", CHECKOV_VERSION, *options, *files],
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout:
        pytest.skip(f"checkov could not be installed: {done.stderr.strip()[-200:]}")
    report = json.loads(done.stdout)
    argued = {(check, resource) for check, places in CHECKOV.items() for resource in places}
    # The CDK ends a logical id with eight digits of a hash.
    found = {
        (one["check_id"], re.sub(r"[0-9A-F]{8}$", "", one["resource"]))
        for one in report["results"]["failed_checks"]
    }
    assert report["summary"]["passed"] > 500
    assert found == argued


@pytest.mark.long
@pytest.mark.timeout(900)
def test_cdk_nag_finds_only_what_is_argued_for(tools: Path) -> None:
    """Each finding has its reason, and each reason its finding."""
    used = set()
    for example in (*EXAMPLES, PIPELINE_EXAMPLE):
        done = subprocess.run(
            [str(tools / "python"), "-m", "infra.nag", str(example)],
            cwd=PROJECT,
            env={**os.environ, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1"},
            check=True,
            capture_output=True,
            text=True,
        )
        for rule, where in json.loads(done.stdout.splitlines()[-1]):
            fits = [one for one in CDK_NAG if fnmatchcase(rule, one.rule) and fnmatchcase(where, one.where)]
            assert len(fits) == 1, (rule, where)
            used |= {*fits}
    assert used == {*CDK_NAG}


def refusal(tmp_path: Path, before: str, after: str) -> str:
    """What is said of an example in which something was changed."""
    file = tmp_path / "installation.toml"
    text = EXAMPLES[0].read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    with pytest.raises(InstallationRefused) as refused:
        read_installation(file)
    return str(refused.value)


def test_installation_with_a_flaw_is_refused_by_name(tmp_path: Path) -> None:
    assert "set size to one of 10, 100, 1000" in refusal(tmp_path, "size = 100 ", "size = 11 ")
    assert "set zones to two or three" in refusal(tmp_path, '"eu-central-1b", "eu-central-1c"', "")
    assert "set zones to two or three" in refusal(tmp_path, '"eu-central-1b"', '"us-east-1a"')
    assert "set accounts_at_psps" in refusal(tmp_path, '["stripe", "paypal"]', '["strip"]')
    assert "set slack_workspace" in refusal(tmp_path, 'slack_channel = "C0EXAMPLE1"', "")
    assert "unknown field" in refusal(tmp_path, "livemode", "live_mode")
    assert "account" in refusal(tmp_path, '"111111111111"', '"11111111111"')


def test_secret_written_into_an_installation_is_refused(tmp_path: Path) -> None:
    """It would be in the templates, which many may read. The text does not repeat it."""
    written = f"evidence_kept_days = 3650\nsettings = {{ FINCORE_SECRETS_KEY = '{'k' * 44}' }}"
    said = refusal(tmp_path, "evidence_kept_days = 3650", written)
    assert "leave FINCORE_SECRETS_KEY out of settings" in said
    assert "kkkk" not in said
    misspelled = 'evidence_kept_days = 3650\nfurther_secrets = ["FINCORE_SECRET_KEY_BEFORE"]'
    assert "leave FINCORE_SECRET_KEY_BEFORE out" in refusal(tmp_path, "evidence_kept_days = 3650", misspelled)


def test_key_that_is_changed_reaches_the_roles_that_need_it() -> None:
    changing = msgspec.structs.replace(
        read_installation(EXAMPLES[0]), further_secrets=("FINCORE_SECRETS_KEY_BEFORE",)
    )
    given = {role for role in DEPLOYED if "FINCORE_SECRETS_KEY_BEFORE" in secrets_of(role, changing)}
    assert given == {"api", "notify", "staff"}
