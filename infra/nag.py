"""`python -m infra.nag FILE` prints what cdk-nag finds in the stacks of a file, as JSON: pairs of a rule, and a construct that breaks it."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infra.installation import read_installation
from infra.pipeline_settings import is_pipeline, read_pipeline
from infra.synthesis import make_app

REPORT = "validation-report.json"


def findings(file: Path) -> list[tuple[str, str]]:
    """What the rules `AwsSolutions` find. Raises `LookupError` where they did not run."""
    made_for = read_pipeline(file) if is_pipeline(file) else read_installation(file)
    with TemporaryDirectory() as folder:
        app = make_app(made_for, Path(folder))
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        try:
            app.synth()
        except Exception:
            # A finding ends the synthesis; the report is written before.
            if not (Path(folder) / REPORT).exists():
                raise
        return found_in(json.loads((Path(folder) / REPORT).read_text()))


def found_in(report: dict[str, Any]) -> list[tuple[str, str]]:
    """The findings of a report, in order."""
    (checks,) = (one for one in report["pluginReports"] if one["pluginName"] == "AwsSolutions")
    return sorted(
        (violation["ruleName"].removeprefix("AwsSolutions-"), construct["constructPath"])
        for violation in checks["violations"]
        for construct in violation["violatingConstructs"]
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(findings(Path(sys.argv[1]))) + "\n")
