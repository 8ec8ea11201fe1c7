#!/bin/sh
# Installs Debian's redis-server where it is missing, without starting it as a service of the machine. Where that is not possible,
# says so and ends with 3: the tests that need it skip and give this reason.
set -eu

if ! command -v redis-server >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing redis-server" >&2
    # Debian starts a service when it installs it; one that this file forbids stays stopped.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    install() {
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends redis-server
    }
    { install || { apt-get -qq update && install; }; } >/dev/null 2>&1 || true
fi
if ! command -v redis-server >/dev/null; then
    echo "redis-server is missing; on Debian: apt-get install redis-server" >&2
    exit 3
fi
