"""`python -m infra FILE FOLDER` writes the templates of the installation, or the pipeline, that a file describes into a folder.

`python -m infra` alone writes those of the examples into `infra/templates`, where they are committed.
"""

import sys
from pathlib import Path

from infra.installation import Installation, InstallationRefused, read_installation
from infra.pipeline_settings import Pipeline, is_pipeline, read_pipeline
from infra.sources import DIGEST, EXAMPLES, PIPELINE_EXAMPLE, TEMPLATES, sources_digest


def main(arguments: list[str]) -> int:
    """Write them. A flaw of the file is one sentence."""
    try:
        if not arguments:
            for file in EXAMPLES:
                write(read_installation(file), TEMPLATES)
            write(read_pipeline(PIPELINE_EXAMPLE), TEMPLATES)
            DIGEST.write_text(sources_digest() + "\n")
            return 0
        file, folder = map(Path, arguments)
        write(read_pipeline(file) if is_pipeline(file) else read_installation(file), folder)
    except InstallationRefused as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except ValueError:
        sys.stderr.write(
            "Give the file of the installation or of the pipeline, and the folder for its templates.\n"
        )
        return 2
    return 0


def write(made_for: Installation | Pipeline, folder: Path) -> None:
    """Write the templates of an installation or of the pipeline into a folder."""
    # Loading the CDK starts Node.js, which takes seconds.
    from infra.synthesis import templates  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in templates(made_for).items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
