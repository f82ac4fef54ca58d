#!/bin/sh
# What more thought is worth on word problems (GSM8K): one branch, three, five, as many as it
# takes; beside them the plain majority of five runs. Accuracy with its interval, and seconds.
#
#   evals/thought.sh DATA [N] [OPTION...]
#
# DATA has the folder gsm8k (test.jsonl of openai/grade-school-math). N questions are taken,
# spread evenly [default: 200]. The options are passed on to `quipu eval`, such as --model NAME.
# QUIPU names another quipu to run; with OUT=FOLDER the results go there, and what is there
# already is not run again.
set -eu

NAME=thought
. "$(dirname "$0")/calls.sh"
here=$(dirname "$0")
data=${1:-}
count=${2:-200}
word_problems "evals/thought.sh DATA [N] [OPTION...]" "$data" "$count"
shift
[ $# -eq 0 ] || shift

step=$((lines > count ? lines / count : 1))
python3 "$here/gsm8k.py" "$data/gsm8k" --every "$step" --n "$count" >"$work/gsm8k.jsonl"

failed=0
for think in 1 3 5 auto; do
    echo "--think $think:"
    "$quipu" eval "$work/gsm8k.jsonl" --think "$think" --out "$out/think-$think.jsonl" --resume "$@" || failed=$?
done
echo "five runs at 0.7:"
"$quipu" eval "$work/gsm8k.jsonl" --temperature 0.7 --repeat 5 --out "$out/five.jsonl" --resume "$@" || failed=$?
python3 "$here/majority.py" "$work/gsm8k.jsonl" "$out/five.jsonl"
exit "$failed"
