"""The dashboards as Grafana's own types read them. Grafana itself does not run here."""

import shutil
from pathlib import Path

import pytest

from fincore.alerting.dashboard import dashboard_text
from fincore.alerting.dashboards import DASHBOARDS
from fixtures import node_tools


@pytest.mark.timeout(node_tools.INSTALL_SECONDS_MAX + node_tools.RUN_SECONDS_MAX)
def test_dashboards_are_what_the_types_of_grafana_say(tmp_path: Path) -> None:
    """`refused.ts` beside them holds what these types must not take."""
    types = node_tools.install("tests/grafana_types")
    for file in ("tsconfig.json", "dashboards.ts", "refused.ts"):
        shutil.copy(types / file, tmp_path)
    (tmp_path / "node_modules").symlink_to(types / "node_modules")
    for number, dashboard in enumerate(DASHBOARDS):
        typed = f"export const dashboard: Dashboard = {dashboard_text(dashboard).strip()};\n"
        (tmp_path / f"dashboard{number}.ts").write_text(
            f'import type {{ Dashboard }} from "./dashboards";\n\n{typed}'
        )
    node_tools.run(types, "tsc", "--project", str(tmp_path))
