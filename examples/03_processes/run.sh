#!/bin/sh
# Chapter 3: several processes on one model.
#
# main.rs boots a machine inside a program of its own, without the `quipu` command:
# three processes at once on one loaded model. This script only builds it and finds
# the model file.
set -eu
cd "$(dirname "$0")"

# Built with the whole workspace, so that the features of its dependencies are the same
# and nothing is compiled a second time.
examples=${CARGO_TARGET_DIR:-../../target}/release/examples
[ -x "$examples/03_processes" ] ||
    (cd ../.. && cargo build --release --workspace --example 03_processes)

if [ -n "${SCRIPTED:-}" ]; then
    # Without a model every process follows the same script.
    cpu=script:actions.jsonl
else
    # `model show` knows where a model's file is; the name may be a path already.
    model=${QUIPU_MODEL:-qwen2.5-coder-1.5b}
    cpu=$(quipu model show "$model" --json | sed 's/.*"path": *"\([^"]*\)".*/\1/')
fi

"$examples/03_processes" "$cpu"
