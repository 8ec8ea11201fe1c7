#!/bin/sh
# Makes .venv hold exactly what uv.lock says. Needs Python 3.11 or newer, and nothing else.
# Arguments are handed to `uv sync` (--no-dev: only what running needs, and the PSP sandbox).
# Compiled here once, packages and FinCore itself are not compiled anew by each of the many processes that start together later.
set -eu
UV_VERSION=0.13.9

find_python() {
    for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "FinCore needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2
    exit 1
}

make_environment() {
    "$1" -m venv .venv 2>/dev/null && return
    # Debian keeps venv in a package of its own.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get -qq update && apt-get -qq install -y python3-venv >/dev/null
        "$1" -m venv .venv && return
    fi
    echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2
    exit 1
}

# One that was interrupted while it was made has no pip.
.venv/bin/python -m pip --version >/dev/null 2>&1 || make_environment "$(find_python)"
if ! .venv/bin/uv --version 2>/dev/null | grep -q " $UV_VERSION"; then
    echo "installing uv $UV_VERSION" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
fi
echo "installing FinCore's packages from uv.lock" >&2
.venv/bin/uv sync --quiet --frozen --inexact --compile-bytecode "$@"
.venv/bin/python -m compileall -q src
