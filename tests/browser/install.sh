#!/bin/sh
# Installs Debian's Chromium, unless it is there. Where that is not possible, says so and ends with 3: the tests that
# need a browser skip and give this reason.
set -eu
BROWSER=/usr/bin/chromium

if [ ! -x "$BROWSER" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing chromium" >&2
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium; } >/dev/null 2>&1 || true
fi
if [ ! -x "$BROWSER" ]; then
    echo "$BROWSER is missing; on Debian: apt-get install chromium" >&2
    exit 3
fi
