#!/bin/sh
# Chapter 4: a tool of your own. README.md beside this file tells the story.
set -eu
cd "$(dirname "$0")"

# Everything of this example lives in one folder that is thrown away afterwards.
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# 1. Build it. `make guests` does the same for every tool in the repository; with
#    rustup's own target installed it is simply
#    cargo build --release --target wasm32-wasip2
component=../../target/guests/wordcount.wasm
[ -f "$component" ] || ../../scripts/guests.sh

# 2. Install it: the file's name is the tool's.
quipu --root "$root" tool add "$component"

# 3. What a model is told of it comes from the component itself.
quipu --root "$root" tool show wordcount

# 4. Call it without any model.
quipu --root "$root" tool call wordcount '{"text":"one two three"}'

# 5. Use it in a run, by an agent that has this tool and no other.
cpu=${SCRIPTED:+--cpu script:actions.jsonl}
# shellcheck disable=SC2086  # $cpu is two words or none
quipu --root "$root" run $cpu --agent counter.toml \
    "How many words has this sentence: the quick brown fox jumps over the lazy dog"
