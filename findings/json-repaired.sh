#!/bin/sh
# Numbers as a small model writes them into JSON, repaired by json_repair (PyPI) and by jsonrepair (npm).
#
# Guess:   where a value is not JSON, both make a text of it, or fail. They were made for the same faults, so they
#          agree.
# Reality: of the 16 faults below they agree about three. json_repair keeps the beginning of what it cannot read, as a
#          number: 10:30 is 10, "1 000" is 1, 5 km is 5, 2 * 3 is 2, >5 is 5, a telephone number is its country
#          code; 007 is 7. But 1,250 and 1.2.3 are texts, and #5 is an empty text. jsonrepair (npm) makes
#          texts of some and fails for others; a minus alone is the number 0. In a list both make two numbers of
#          1,250.
# Seen with json_repair 0.64.6, jsonrepair 3.15.0: the rows printed below.
# So:      a repaired value has the right type and passes the schema, so nobody asks the model again: 10:30 becomes
#          10. Repair brackets, quotes and fences only; where a number does not end where it should, ask again, or use
#          a grammar.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check json_repair==0.64.6
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts jsonrepair@3.15.0
cat >read.mjs <<'JS'
import { jsonrepair } from "jsonrepair";

const read = (text) => {
  try {
    return JSON.stringify(JSON.parse(jsonrepair(text)));
  } catch {
    return "error";
  }
};
console.log(JSON.stringify(JSON.parse(process.argv[2]).map(read)));
JS
cat >check.py <<'PY'
import json, subprocess, sys
import json_repair

# What a model writes -> what json_repair and jsonrepair read.
TEXTS = {
    '{"at": 10:30}': ('{"at":10}', "error"),
    '{"n": 1 000}': ('{"n":1}', "error"),
    '{"n": 1,250}': ('{"n":"1,250"}', "error"),
    "[1,250, 2]": ("[1,250,2]", "[1,250,2]"),
    '{"n": 5 km}': ('{"n":5}', "error"),
    '{"n": 50%}': ('{"n":50}', '{"n":"50%"}'),
    '{"n": $5}': ('{"n":5}', '{"n":"$5"}'),
    '{"n": >5}': ('{"n":5}', '{"n":">5"}'),
    '{"n": 2 * 3}': ('{"n":2}', "error"),
    '{"id": 007}': ('{"id":7}', '{"id":"007"}'),
    '{"id": #5}': ('{"id":""}', '{"id":"#5"}'),
    '{"tel": +49 30 12}': ('{"tel":49}', "error"),
    '{"v": 1.2.3}': ('{"v":"1.2.3"}', '{"v":"1.2.3"}'),
    '{"n": 1_000}': ('{"n":1000}', '{"n":"1_000"}'),
    '{"n": -}': ('{"n":""}', '{"n":0}'),
    '{"on": 2025-01-05}': ('{"on":"2025-01-05"}', '{"on":"2025-01-05"}'),
}

command = ["node", "read.mjs", json.dumps(list(TEXTS))]
script = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
seen = {}
for text, by_script in zip(TEXTS, script):
    by_python = json.dumps(json_repair.loads(text), separators=(",", ":"))
    seen[text] = (by_python, by_script)
print(f"  {'':20}{'json_repair':22}jsonrepair")
for text, (by_python, by_script) in seen.items():
    print(f"  {text:20}{by_python:22}{by_script}")
agreed = sum(by_python == by_script for by_python, by_script in seen.values())
print(f"  the same: {agreed} of {len(seen)}")
changed = [text for text, expected in TEXTS.items() if seen[text] != expected]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {TEXTS[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
