#!/bin/sh
# The scorers without a model of one evaluation library, autoevals, from PyPI and from npm.
#
# Guess:   one library in two registries gives one score. A right number in quotes is nearer to right than a wrong one,
#          the other boolean scores 0, and the same object with its keys in another order is an exact match.
# Reality: JSONDiff compares texts letter by letter and numbers by their distance: of the amount 1250 the wrong 1520
#          has 0.9 and 1250 in quotes 0.67; of "approved" the answer "not approved" has 0.67, and "ok" 0.12. false for
#          true is 0 in Python and 0.2 in JavaScript (one letter of "true" is in "false"); 1 for true is 1 and 0. A
#          list turned around has 0.67 or 0.33. ExactMatch compares JSON as text: keys in another order are no match in
#          both, 18.0 for 18, "1" for 1.0 and "true" for true are no match in Python and one in JavaScript, and "1.0"
#          for 1.0 is the opposite. NumericDiff gives 0.001 for 0 the same 0 as 18 for -18. NaN is valid JSON in
#          Python, and 18 is valid JSON in neither.
# Seen with autoevals 0.4.1 (PyPI) and 0.0.132 (npm): the rows printed below.
# So:      a mean of JSONDiff over a set of forms is mostly the length of the texts in them: compare a field at a time,
#          by its type. Never compare a score made in Python with one made in JavaScript, and give a scorer a wrong
#          answer and a reordered right one before it is trusted.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check "autoevals[scipy]==0.4.1"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts autoevals@0.0.132
cat >score.mjs <<'JS'
import * as scorers from "autoevals";
import fs from "fs";

const scores = [];
for (const [scorer, output, expected] of JSON.parse(fs.readFileSync(0))) {
  scores.push((await scorers[scorer]({ output, expected })).score);
}
console.log(JSON.stringify(scores));
JS
cat >check.py <<'PY'
import json, subprocess, sys
import autoevals

# Scorer, answer, expected answer, and the scores in Python and in JavaScript.
CASES = [
    ("JSONDiff", {"paid": 1520}, {"paid": 1250}, 0.90, 0.90),
    ("JSONDiff", {"paid": "1250"}, {"paid": 1250}, 0.67, 0.67),
    ("JSONDiff", {"paid": "1520"}, {"paid": "1250"}, 0.5, 0.5),
    ("JSONDiff", {"state": "not approved"}, {"state": "approved"}, 0.67, 0.67),
    ("JSONDiff", {"state": "ok"}, {"state": "approved"}, 0.12, 0.12),
    ("JSONDiff", {"late": False}, {"late": True}, 0, 0.2),
    ("JSONDiff", {"late": 1}, {"late": True}, 1, 0),
    ("JSONDiff", {"note": None}, {}, 1, 1),
    ("JSONDiff", ["a", "b", "c"], ["c", "b", "a"], 0.33, 0.33),
    ("JSONDiff", [1, 2], [2, 1], 0.67, 0.67),
    ("ExactMatch", {"b": 2, "a": 1}, {"a": 1, "b": 2}, 0, 0),
    ("ExactMatch", 18.0, 18, 0, 1),
    ("ExactMatch", "1.0", 1.0, 1, 0),
    ("ExactMatch", "1", 1.0, 0, 1),
    ("ExactMatch", "true", True, 0, 1),
    ("NumericDiff", 18, -18, 0, 0),
    ("NumericDiff", 99, 100, 0.99, 0.99),
    ("NumericDiff", 0.001, 0, 0, 0),
    ("ListContains", ["apples"], ["apple"], 0.83, 0.83),
    ("ListContains", ["red", "blue"], ["red"], 0.5, 0.5),
    ("ListContains", ["red"], ["red", "blue"], 0.5, 0.5),
    ("ValidJSON", '{"a": NaN}', None, 1, 0),
    ("ValidJSON", "18", None, 0, 0),
]
in_javascript = json.loads(subprocess.run(
    ["node", "score.mjs"], input=json.dumps([case[:3] for case in CASES]), capture_output=True, text=True, check=True).stdout)
changed = []
print(f"  {'scorer':14}{'answer':28}{'expected':26}{'Python':8}JavaScript")
for (scorer, output, expected, *scores), javascript in zip(CASES, in_javascript):
    seen = [round(float(score), 2) for score in (getattr(autoevals, scorer)().eval(output, expected).score, javascript)]
    print(f"  {scorer:14}{json.dumps(output):28}{json.dumps(expected):26}{seen[0]:<8}{seen[1]}")
    if seen != scores:
        changed.append(f"{scorer} of {output} and {expected}: was {scores}, is {seen}")
if changed:
    sys.exit("CHANGED: " + "\n         ".join(changed))
print("as found")
PY
venv/bin/python -W ignore check.py
