#!/bin/sh
# A git hook: fails if the first line of the given commit message has more than 72 characters.
set -eu
LIMIT_CHARACTERS=72
subject=$(head -n 1 "$1")
length=$(printf '%s' "$subject" | LC_ALL=C.UTF-8 wc -m)
if [ "$length" -gt "$LIMIT_CHARACTERS" ]; then
    echo "the subject has $length characters, at most $LIMIT_CHARACTERS: shorten it, and say the rest in the body" >&2
    exit 1
fi
