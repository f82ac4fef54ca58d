#!/bin/sh
# Runs the test cases of fend, the evaluator inside the calculator, through the tool:
#
#   evals/calculator_fend.sh FOLDER
#
# FOLDER has fend_eval.jsonl (lines {"expr", "expected"[, "pure_arith"]}) and
# fend_errors.jsonl (lines {"expr"}, each of which must fail). It says how many agree,
# and exits 1 unless all pure arithmetic does and every error is one. The data are not
# part of this project; QUIPU names another quipu to run.
set -eu

NAME=fend
. "$(dirname "$0")/calls.sh"
data=${1:-}
has_data "$data/fend_eval.jsonl" "evals/calculator_fend.sh FOLDER"

cat "$data/fend_eval.jsonl" "$data/fend_errors.jsonl" >"$work/cases.jsonl"
python3 - "$work/cases.jsonl" >"$work/calls.jsonl" <<'PYTHON'
import json
import sys

for line in open(sys.argv[1]):
    print(json.dumps({"expression": json.loads(line)["expr"]}))
PYTHON

call_all calculator.calculate

python3 - "$work/cases.jsonl" "$work/results.jsonl" <<'PYTHON'
import json
import sys

cases = [json.loads(line) for line in open(sys.argv[1])]
results = [json.loads(line) for line in open(sys.argv[2])]
if len(cases) != len(results):
    sys.exit(f"{len(results)} results of {len(cases)} calls")


def agrees(case, result):
    if case["expected"] == "ERROR":
        return not result["ok"]
    if not result["ok"]:
        return False
    got = result["result"]
    return ("" if got["exact"] else "approx. ") + got["value"] == case["expected"]


def kind(case):
    if case["expected"] == "ERROR":
        return "errors"
    return "pure arithmetic" if case.get("pure_arith") else "units, dates, other forms"


counts = {}
for case, result in zip(cases, results):
    good = agrees(case, result)
    entry = counts.setdefault(kind(case), [0, 0])
    entry[0] += good
    entry[1] += 1
    if not good:
        got = result.get("result") or result["error"]
        print(f"{kind(case)}: {case['expr']!r} gave {got}, not {case['expected']!r}", file=sys.stderr)
stopped = [
    (case["expr"], result["error"]["message"])
    for case, result in zip(cases, results)
    if not result["ok"] and result["error"]["kind"] in ("timeout", "memory")
]
for expression, message in stopped:
    print(f"stopped by a limit: {expression!r}: {message}", file=sys.stderr)
us = sorted(result["us"] for result in results if result["ok"])
for name, (good, all) in counts.items():
    print(f"{name}: {good} of {all}")
print(f"a call takes {us[len(us) // 2]} us (median), {us[len(us) * 99 // 100]} us (p99)")
sys.exit(any(good != all for name, (good, all) in counts.items() if not name.startswith("units")))
PYTHON
