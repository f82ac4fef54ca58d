#!/bin/sh
# Starts another OpenAI-compatible server beside Quipu, to compare with:
#
#   scripts/peer.sh MODEL.gguf PORT [SLOTS [WINDOW]]
#
# It is llama.cpp's own server, out of PyPI's xllamacpp, in a Python environment of its
# own in the cache; nothing is installed elsewhere. It listens on 127.0.0.1 only, runs
# on two threads (QUIPU_PEER_THREADS) and in the foreground: Ctrl-C ends it. WINDOW
# is the context of all slots together. No prompts are cached in host memory, so that
# a cold figure is one. Its wheel is built for any x86-64, without AVX-512: a
# comparison of raw speed says so.
set -eu

package=xllamacpp==2026.10.11549
# Of the wheels for Linux and macOS: only what was looked at is installed.
hashes='4ecda27a308b2403aa13c9d04b270befab95edc556c24ed00b2f8a98bd7f6781
    1f2a08052bb653659bcf1bedbbaf86b97f41dd46aa2763d596d7f27c5d89a689
    e2a3e79e775515de4ad197e667f874070446ef9ac9cf2044bc9866bc4c72289e
    c54e7d13520ecc989c63dc99d55de3065e2f343a91f43f053d16b5e62077c261'
threads=${QUIPU_PEER_THREADS:-2}
home=${XDG_CACHE_HOME:-$HOME/.cache}/quipu/peer
python=$home/bin/python

usage="usage: scripts/peer.sh MODEL.gguf PORT [SLOTS [WINDOW]]"
fail() {
    echo "peer: $1" >&2
    echo "peer: hint: $2" >&2
    exit 2
}
number() {
    case $2 in
    '' | *[!0-9]*) fail "$1 is \"$2\", not a number" "$usage" ;;
    esac
}

case $# in
2 | 3 | 4) ;;
*) fail "a model and a port are needed" "$usage" ;;
esac
[ -f "$1" ] || fail "there is no file $1" "fetch one with: quipu model pull smollm2-135m"
number PORT "$2"
number SLOTS "${3:-1}"
number WINDOW "${4:-0}"
number QUIPU_PEER_THREADS "$threads"

# Named after what is in it: another version is another installation.
if [ "$(cat "$home/installed" 2>/dev/null)" != "$package" ]; then
    echo "peer: installing $package into $home" >&2
    rm -rf "$home"
    python3 -m venv "$home" || fail "python3 cannot make an environment" "on Debian: apt-get install python3-venv"
    {
        printf '%s' "$package"
        for hash in $hashes; do printf ' --hash=sha256:%s' "$hash"; done
        echo
    } >"$home/requirements"
    "$python" -m pip install --quiet --disable-pip-version-check --only-binary=:all: --no-deps \
        --require-hashes -r "$home/requirements" ||
        fail "pip could not install $package" "it needs Python 3.10 or newer"
    echo "$package" >"$home/installed"
fi

exec "$python" - "$1" "$2" "${3:-1}" "${4:-0}" "$threads" <<'PYTHON'
import signal
import sys

import xllamacpp

model, (port, slots, window, threads) = sys.argv[1], map(int, sys.argv[2:])

params = xllamacpp.CommonParams()
params.model.path = model
params.hostnames = ["127.0.0.1"]
params.port = port
params.n_parallel = slots
params.n_ctx = window  # 0: what the model was trained for
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
params.cache_ram_mib = 0
params.endpoint_metrics = True

# Both before the server starts: its threads inherit them.
stop = {signal.SIGINT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, stop)

server = xllamacpp.Server(params)
print(f"peer: {server.listening_address}/v1 is ready", file=sys.stderr, flush=True)
signal.sigwait(stop)
del server
PYTHON
