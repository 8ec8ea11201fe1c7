#!/bin/sh
# Installs Debian's Chromium in the form that has no windows of its own, unless it is there. Where that is not possible the tests
# use the other form; where that is missing, too, says so and ends with 3: the tests that need a browser skip and give this reason.
set -eu
NAME=chromium-headless-shell
BROWSERS="/usr/bin/$NAME /usr/bin/chromium"

is_there() {
    for browser in "$@"; do
        [ ! -x "$browser" ] || return 0
    done
    return 1
}

install() {
    apt-get -qq install -y --no-install-recommends "$1"
}

if ! is_there "/usr/bin/$NAME" && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $NAME" >&2
    package=$NAME
    if is_there /usr/bin/chromium; then
        # Both forms share files: one of another version would replace the Chromium that is there.
        package="$NAME=$(dpkg-query --show --showformat='${Version}' chromium-common)"
    fi
    { install "$package" || { apt-get -qq update && install "$package"; }; } >/dev/null 2>&1 || true
fi
if ! is_there $BROWSERS; then
    echo "$NAME is missing; on Debian: apt-get install $NAME" >&2
    exit 3
fi
