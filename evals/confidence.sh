#!/bin/sh
# How honest the confidence of `--think` is on word problems (GSM8K): fitted on N questions and
# kept for the model, then measured on N others: the expected calibration error, and how many of
# the answers above .9 are right.
#
#   evals/confidence.sh DATA [N] [OPTION...]
#
# DATA has the folder gsm8k (test.jsonl of openai/grade-school-math) [N: 200]. The options are
# passed on to `quipu eval`, such as --model NAME. QUIPU and OUT as for thought.sh.
set -eu

NAME=confidence
. "$(dirname "$0")/calls.sh"
here=$(dirname "$0")
data=${1:-}
count=${2:-200}
word_problems "evals/confidence.sh DATA [N] [OPTION...]" "$data" "$count"
shift
[ $# -eq 0 ] || shift

step=$((lines > 2 * count ? lines / count : 2))
for offset in 0 1; do
    python3 "$here/gsm8k.py" "$data/gsm8k" --every "$step" --offset "$offset" --n "$count" >"$work/half-$offset.jsonl"
done
echo "fitted on:"
"$quipu" eval "$work/half-1.jsonl" --think 5 --calibrate --out "$out/fitted-on.jsonl" --resume "$@"
echo "measured on:"
"$quipu" eval "$work/half-0.jsonl" --think 5 --out "$out/measured-on.jsonl" --resume "$@"
