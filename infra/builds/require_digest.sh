#!/bin/sh
# Ends with 1 unless $1 names an image by its digest: a tag may be another image tomorrow.
set -eu
image=${1:-}
name=${image%@sha256:*}
digest=${image#"$name"@sha256:}
case $name in
'' | *@* | *[[:space:]]*) digest= ;;
esac
case $digest in
*[!0-9a-f]*) digest= ;;
esac
if [ "${#digest}" != 64 ]; then
    echo "Set base_image to an image with its digest, such as docker.io/library/python@sha256:...; it is '$image'." >&2
    exit 1
fi
