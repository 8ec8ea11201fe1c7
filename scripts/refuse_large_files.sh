#!/bin/sh
# A git hook: fails, and names each given file above 1 MiB. A lock file is as large as it must be.
set -eu
LIMIT_BYTES=1048576
found=0
for file in "$@"; do
    [ "$file" != uv.lock ] || continue
    if [ "$(wc -c <"$file")" -gt "$LIMIT_BYTES" ]; then
        echo "$file has more than $LIMIT_BYTES bytes: leave it out of the repository" >&2
        found=1
    fi
done
exit $found
