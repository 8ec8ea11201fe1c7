#!/bin/sh
# Installs Debian's Prometheus and Alertmanager where they are missing, without starting them as services of the machine.
# Says what to do where this is not Debian, or not root.
set -eu

if command -v prometheus >/dev/null && { command -v prometheus-alertmanager >/dev/null || command -v alertmanager >/dev/null; }; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Prometheus or Alertmanager is missing; on Debian, as root: apt-get install prometheus prometheus-alertmanager" >&2
    exit 1
fi
# Debian starts a service when it installs it; one that this file forbids stays stopped, and would take the ports otherwise.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
echo "installing prometheus and prometheus-alertmanager" >&2
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends prometheus prometheus-alertmanager >/dev/null
if command -v systemctl >/dev/null; then
    systemctl disable prometheus prometheus-alertmanager >/dev/null 2>&1 || true
fi
