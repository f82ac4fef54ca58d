#!/bin/sh
# Builds every guest from source and puts the components into target/guests/.
#
# A component is only touched when its bytes have changed, so that nothing that
# depends on it is built again for nothing.
set -eu
cd "$(dirname "$0")/.."

RUSTC=$(scripts/wasm-target.sh)
export RUSTC
guests=target/guests
mkdir -p "$guests"

# build FOLDER: compiles the cargo project there and installs its components.
build() {
    target=${QUIPU_GUEST_TARGET:-$PWD/target/guest-build}
    (cd "$1" && cargo build --quiet --release --target wasm32-wasip2 --target-dir "$target")
    for component in "$target"/wasm32-wasip2/release/*.wasm; do
        installed=$guests/$(basename "$component")
        cmp -s "$component" "$installed" || cp "$component" "$installed"
    done
}

build plugins
build examples/04_write_a_tool/tool
