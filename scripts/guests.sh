#!/bin/sh
# Builds every guest from source and puts the components into target/guests/.
#
# In lanes beside each other, because the end of each build keeps only one processor busy, and
# some of it waits for the network. `guests.sh LANE` builds those of one lane.
#
# A component is only touched when its bytes have changed, so that nothing that
# depends on it is built again for nothing.
set -eu
cd "$(dirname "$0")/.."

guests=target/guests
mkdir -p "$guests"

# build FOLDER KIND COMPONENT...: compiles the cargo project there and installs these components.
# What is compiled with flags of its own has a target folder of its own, named by KIND; `-` is
# that of all others.
build() {
    folder=$1 kind=$2
    shift 2
    target=${QUIPU_GUEST_TARGET:-$PWD/target/guest-build}
    [ "$kind" = - ] || target=$target/$kind
    (cd "$folder" && cargo build --quiet --release --target wasm32-wasip2 --target-dir "$target")
    for component; do
        built=$target/wasm32-wasip2/release/$component.wasm
        installed=$guests/$component.wasm
        cmp -s "$built" "$installed" || cp "$built" "$installed"
    done
}

# python FOLDER NAME: puts the program there and CPython into one component, with the
# text of its interface and what it asks for. It takes half a minute, so the result is
# kept by what it was made of.
python() {
    made_of=$({ grep package=componentize-py scripts/pip-tool.sh && cat scripts/guests.sh scripts/zone_data.py "$1"/*.py "$1"/wit/*.wit "$1"/plugin.toml; } | cksum | tr ' ' '-')
    kept=${XDG_CACHE_HOME:-$HOME/.cache}/quipu/guests/$2-$made_of.wasm
    if ! [ -f "$kept" ]; then
        componentize=$(scripts/pip-tool.sh componentize-py)
        mkdir -p "$(dirname "$kept")"
        work=$(mktemp -d)
        trap 'rm -rf "$work"' EXIT
        # A copy: while the program is set up its modules are compiled beside it.
        cp "$1"/*.py "$work"
        # Without it programs know no zones, and are told so.
        python3 scripts/zone_data.py >"$work/zone_data.py" || rm "$work/zone_data.py"
        "$componentize" -q -d "$1/wit" componentize -p "$work" app -o "$work/$2.wasm"
        python3 - "$work/$2.wasm" "$1"/wit/*.wit "$1"/plugin.toml <<'PYTHON'
import pathlib
import sys


def length(n):
    # LEB128, as the binary format writes lengths.
    return bytes([n & 0x7F | 0x80]) + length(n >> 7) if n > 0x7F else bytes([n])


component, *texts = map(pathlib.Path, sys.argv[1:])
with component.open("ab") as file:
    for text in texts:
        # What `quipu tool build` puts into the component of a project as well.
        name = b"quipu:plugin" if text.suffix == ".toml" else b"quipu:wit"
        section = length(len(name)) + name + text.read_bytes()
        file.write(b"\0" + length(len(section)) + section)
PYTHON
        mv "$work/$2.wasm" "$kept.$$"
        mv "$kept.$$" "$kept"
    fi
    cmp -s "$kept" "$guests/$2.wasm" || cp "$kept" "$guests/$2.wasm"
}

# beside LANE...: runs these beside each other, two at a time. An interrupt reaches them all.
beside() { printf '%s\n' "$@" | xargs -P 2 -n 1 scripts/guests.sh; }

lane=${1:-all}
case $lane in
rust | plugins | eyes | ears)
    # The lane `rust` installs what is missing, before two that need it begin.
    RUSTC=$(scripts/wasm-target.sh)
    export RUSTC
    ;;
esac
case $lane in
all) beside rust python ;;
rust) beside plugins eyes ears ;; # the longest first
plugins)
    build plugins - browser calculator documents pdf probe
    # Into the same folder, which takes one build at a time.
    build examples/04_write_a_tool/tool - wordcount
    ;;
eyes) build plugins/eyes vector eyes ;;
ears) build plugins/ears relaxed ears ;;
python) python plugins/python python ;;
*)
    echo "guests: there is no lane \"$lane\"" >&2
    echo "guests: hint: the lanes are all, rust, plugins, eyes, ears and python" >&2
    exit 2
    ;;
esac
