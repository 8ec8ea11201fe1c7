"""What the tests in a browser share."""

import pytest

from fixtures import node_tools


@pytest.fixture(scope="session")
def react_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of a page that shows the React components. Skips where there is no Node.js."""
    sdk = node_tools.install("web/sdk")
    built = tmp_path_factory.mktemp("react") / "page.js"
    options = ["--bundle", "--format=iife", "--log-level=error", f"--outfile={built}"]
    node_tools.run(sdk, "esbuild", "test/react_page.ts", *options)
    return built.read_text()
