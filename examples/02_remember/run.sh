#!/bin/sh
# Chapter 2: remember, and recall.
#
# Two processes share nothing but the disk. The first is told a fact and keeps it;
# the second, started later, looks it up. What is stored carries its source, and
# how far it can be trusted.
set -eu
cd "$(dirname "$0")"

# Everything of this example lives in one folder that is thrown away afterwards.
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

remember=${SCRIPTED:+--cpu script:remember.jsonl}
recall=${SCRIPTED:+--cpu script:recall.jsonl}

# 1. The agent is ours: what its file says is no stranger's, so it may keep things unasked.
quipu --root "$root" trust librarian.toml

# 2. One process writes. librarian.toml tells it when to.
# shellcheck disable=SC2086  # two words or none
quipu --root "$root" run --agent librarian.toml $remember \
    "Remember that my dog Bruno was born on 3 May 2019."

# 3. The store can be looked at without any model.
quipu --root "$root" mem search "dog born"

# 4. Another process reads. It knows nothing of the first.
# shellcheck disable=SC2086
quipu --root "$root" run --agent librarian.toml $recall "When was my dog born?"
