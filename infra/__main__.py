"""`python -m infra FILE FOLDER` writes the templates of the installation that a file describes into a folder.

`python -m infra` alone writes those of the examples into `infra/templates`, where they are committed.
"""

import sys
from pathlib import Path

from infra.installation import Installation, InstallationRefused, read_installation
from infra.sources import DIGEST, EXAMPLES, TEMPLATES, sources_digest


def main(arguments: list[str]) -> int:
    """Write them. A flaw of the file is one sentence."""
    try:
        if not arguments:
            for file in EXAMPLES:
                write(read_installation(file), TEMPLATES)
            DIGEST.write_text(sources_digest() + "\n")
            return 0
        file, folder = map(Path, arguments)
        write(read_installation(file), folder)
    except InstallationRefused as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except ValueError:
        sys.stderr.write("Give the file of the installation and the folder for its templates.\n")
        return 2
    return 0


def write(installation: Installation, folder: Path) -> None:
    """Write the templates of an installation into a folder."""
    # Loading the CDK starts Node.js, which takes seconds.
    from infra.synthesis import templates  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in templates(installation).items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
