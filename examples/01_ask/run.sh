#!/bin/sh
# Chapter 1: ask a question.
#
# `quipu run` starts one process for one task and waits for its answer. The model
# decides one action at a time: here it should call the calculator rather than
# guess. Steps go to standard error as they happen; standard output carries the
# answer alone, so it can be piped on.
set -eu
cd "$(dirname "$0")"

question=${1:-What is 23% of 4,150, minus 38?}

# Without a model the actions come from a file (one JSON action a line).
cpu=${SCRIPTED:+--cpu script:actions.jsonl}

# shellcheck disable=SC2086  # $cpu is two words or none
answer=$(quipu run $cpu "$question")
echo "The answer is: $answer"

# The same as data: the status, every step with its observation, and the cost.
# shellcheck disable=SC2086
quipu run $cpu --format json "$question"
