#!/bin/sh
# Runs one step of the Makefile quietly: stage.sh NAME COMMAND...
#
# What the command says is kept back, and shown only when it fails. A terminal sees
# its latest line and the seconds go by; a log gets one line with the time it took.
set -eu
name=$1
shift

log=$(mktemp)
start=$(date +%s)
ticker=''
end() {
    [ -z "$ticker" ] || { kill "$ticker" 2>/dev/null && printf '\r\033[K' >&2; } || true
    ticker=''
}
trap 'end; rm -f "$log"' EXIT
trap 'exit 130' INT TERM

if [ -t 2 ]; then
    # Started with a delay: what takes no time shows nothing.
    while sleep 1; do
        last=$(tail -n 1 "$log" | tr -d '\r\033' | cut -c 1-60)
        printf '\r\033[K%s: %s s  %s' "$name" "$(($(date +%s) - start))" "$last" >&2
    done &
    ticker=$!
fi

code=0
"$@" >"$log" 2>&1 || code=$?
end
seconds=$(($(date +%s) - start))
if [ "$code" != 0 ]; then
    # cargo's roll call of crates helps nobody.
    grep -Ev '^ *(Compiling|Checking|Documenting|Downloading|Downloaded|Updating|Locking|Adding|Blocking|Fresh) ' "$log" >&2 || true
    echo "$name: failed after $seconds s" >&2
elif [ "$seconds" -ge 2 ] || [ -n "${CI:-}" ]; then
    echo "$name: $seconds s" >&2
fi
exit "$code"
