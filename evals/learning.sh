#!/bin/sh
# What `quipu learn` is worth: for each suite, whether a set was kept, by how much it raised the
# half that was held aside, and that the other suite lost nothing by it; then the last set is
# rolled back. All of it on a root of its own.
#
#   evals/learning.sh SUITE.jsonl OTHER.jsonl [OPTION...]
#
# The options are passed on to `quipu learn`, such as --model NAME. A set that is refused is a
# result too: the command goes on. QUIPU names another quipu to run.
set -eu

NAME=learning
. "$(dirname "$0")/calls.sh"
usage="evals/learning.sh SUITE.jsonl OTHER.jsonl [OPTION...]"
first=${1:-}
second=${2:-}
has_data "$first" "$usage"
has_data "$second" "$usage"
shift 2

# learn SUITE OTHER OPTION...
learn() {
    suite=$1
    other=$2
    shift 2
    echo "$suite:"
    code=0
    "$quipu" --root "$work/root" learn "$suite" --also "$other" "$@" || code=$?
    case $code in
        0) echo "kept" ;;
        1) echo "refused" ;;
        *) exit "$code" ;;
    esac
}

learn "$first" "$second" "$@"
learn "$second" "$first" "$@"
"$quipu" --root "$work/root" learn ls
"$quipu" --root "$work/root" learn rollback
"$quipu" --root "$work/root" learn ls
