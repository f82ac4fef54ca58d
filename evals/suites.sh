#!/bin/sh
# Runs two public suites with `quipu eval`: function calls (BFCL v4) and word problems (GSM8K).
#
#   evals/suites.sh DATA [N] [OPTION...]
#
# DATA has the folder bfcl (the data of PyPI's bfcl-eval, with possible_answer) and the folder
# gsm8k (test.jsonl of openai/grade-school-math). Of each set N cases are taken, spread evenly
# [default: 100]. The options are passed on to `quipu eval`, such as --model NAME. The data are
# not part of this project. QUIPU names another quipu to run; with OUT=FOLDER the results go
# there, and what is there already is not run again.
set -eu

NAME=suites
. "$(dirname "$0")/calls.sh"
here=$(dirname "$0")
data=${1:-}
count=${2:-100}
usage="evals/suites.sh DATA [N] [OPTION...]"
has_data "$data/bfcl/BFCL_v4_simple_python.json" "$usage"
has_data "$data/gsm8k/test.jsonl" "$usage"
case $count in
    '' | *[!0-9]* | 0) fail "N is \"$count\"" "N is the number of cases of each set: $usage" ;;
esac
shift
[ $# -eq 0 ] || shift

# every FILE: each how manyth line of it makes N lines.
every() {
    lines=$(wc -l <"$1")
    echo $((lines > count ? lines / count : 1))
}

# run SET OPTION...: the cases in $work/SET.jsonl.
run() {
    set_name=$1
    shift
    if [ -n "${OUT:-}" ]; then
        mkdir -p "$OUT"
        set -- "$@" --out "$OUT/$set_name.jsonl" --resume
    fi
    echo "$set_name:"
    # Cases that could not be run make it fail; the other set is still of interest.
    "$quipu" eval "$work/$set_name.jsonl" "$@" || failed=$?
}

failed=0
for category in simple_python multiple parallel irrelevance; do
    file="$data/bfcl/BFCL_v4_$category.json"
    python3 "$here/bfcl.py" "$data/bfcl" "$category" --every "$(every "$file")" --n "$count"
done >"$work/bfcl.jsonl"
file="$data/gsm8k/test.jsonl"
python3 "$here/gsm8k.py" "$data/gsm8k" --every "$(every "$file")" --n "$count" >"$work/gsm8k.jsonl"
run bfcl "$@"
run gsm8k "$@"
exit "$failed"
