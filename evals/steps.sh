#!/bin/sh
# The tasks of several steps in cases/steps.jsonl (documents, pages on this machine, Python,
# memory), by one branch and by as many as it takes, compared case by case.
#
#   evals/steps.sh [OPTION...]
#
# The options are passed on to `quipu eval`, such as --model NAME. QUIPU and OUT as for thought.sh.
set -eu

NAME=steps
. "$(dirname "$0")/calls.sh"
cases=$(dirname "$0")/cases/steps.jsonl
has_data "$cases" "evals/steps.sh [OPTION...]"
out=${OUT:-$work}
mkdir -p "$out"
failed=0
echo "--think 1:"
"$quipu" eval "$cases" --think 1 --out "$out/steps-1.jsonl" --resume "$@" || failed=$?
echo "--think auto:"
"$quipu" eval "$cases" --think auto --out "$out/steps-auto.jsonl" --resume \
    --against "$out/steps-1.jsonl" "$@" || failed=$?
exit "$failed"
