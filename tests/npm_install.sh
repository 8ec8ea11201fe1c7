#!/bin/sh
# Installs the npm packages of a folder of the project, such as web/sdk, exactly as its package-lock.json says, unless they
# are there. Where Node.js is missing and cannot be installed, or the registry cannot be reached, says so and
# ends with 3: the tests that need the packages skip and give this reason.
set -eu
cd "$(dirname "$0")/../$1"
NODE_MAJOR_MIN=20

is_node_there() {
    command -v npm >/dev/null && command -v node >/dev/null &&
        [ "$(node -p 'parseInt(process.versions.node)')" -ge "$NODE_MAJOR_MIN" ]
}

# Two at a time would delete each other's packages.
if command -v flock >/dev/null; then
    exec 9>node-install.lock
    flock 9
fi
if cmp -s package-lock.json node_modules/.installed; then
    exit 0
fi
if ! is_node_there && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get -qq update && apt-get -qq install -y nodejs npm; } >/dev/null 2>&1 || true
fi
if ! is_node_there; then
    echo "Node.js $NODE_MAJOR_MIN or newer with npm is missing; on Debian: apt-get install nodejs npm" >&2
    exit 3
fi
echo "installing the npm packages of $1" >&2
if ! npm ci --ignore-scripts --prefer-offline --no-progress --loglevel=error >node-install.log 2>&1; then
    cat node-install.log >&2
    if grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED' node-install.log; then
        echo "the npm registry cannot be reached" >&2
        exit 3
    fi
    exit 1
fi
rm -f node-install.log
cp package-lock.json node_modules/.installed
