#!/bin/sh
# The edit format of OpenAI's agents ("@@" and a line to find the place by), where the line after @@ is not quite there.
#
# Guess:   a line after @@ that the file does not have is an error, as context that is not there is one. With the line
#          right, the edit is made below that line.
# Reality: a single line after @@ that is not found is skipped, and the edit is made where its context stands first.
#          Of three classes with one method each, "@@ class Refund" (without the colon), "@@ class Refund:  # money
#          back" and "@@ -9,3 +9,3 @@ class Refund:", which is how a git diff says it, all change Invoice. Lines to add
#          without context then become the first lines of the file. Two lines after two @@ are an error if one is not
#          found. A line found above the last edit counts as found and moves nothing: the edits of Refund and then of
#          Invoice change Refund and Order. Context that is less indented than the file is found, and what comes in
#          keeps its own indentation. A new file has no new line at its end. Nothing in the result tells of all this;
#          the two packages do the same.
# Seen with openai-agents 0.24.0 (PyPI), @openai/agents-core 0.20.0 (npm): the rows printed below.
# So:      before an edit is made, count in the file the line after @@ and the context: each must be there once. After
#          it, show the model the place that was changed, not "done".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check openai-agents==0.24.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @openai/agents-core@0.20.0 zod@4.6.7
cat >edit.cjs <<'JS'
const { applyDiff } = require("@openai/agents-core");
const { text, diffs } = JSON.parse(require("fs").readFileSync(0));

console.log(JSON.stringify(diffs.map((diff) => {
  try {
    return applyDiff(text, diff);
  } catch {
    return "refused";
  }
})));
JS
cat >check.py <<'PY'
import difflib, json, subprocess, sys
from agents import apply_diff

TEXT = "".join(f"class {name}:\n    def total(self):\n        return self.net\n\n    def name(self):\n        return \"{name}\"\n\n"
               for name in ("Invoice", "Refund", "Order"))
MINUS = "     def total(self):\n-        return self.net\n+        return -self.net\n"
RENAME = "     def name(self):\n-        return \"Refund\"\n+        return \"Money back\"\n"
# What a model writes to change Refund -> the classes that are changed, and the new lines.
CASES = {
    "@@ class Refund:\n" + MINUS: "Refund '        return -self.net'",
    "@@ class Refund\n" + MINUS: "Invoice '        return -self.net'",
    "@@ class Refund:  # money back\n" + MINUS: "Invoice '        return -self.net'",
    "@@ class Refund: def total(self):\n" + MINUS: "Invoice '        return -self.net'",
    "@@ -9,3 +9,3 @@ class Refund:\n" + MINUS: "Invoice '        return -self.net'",
    "@@ class Refund(Base):\n+    sign = -1\n": "before all '    sign = -1'",
    "@@ class Refund\n@@     def total(self):\n" + MINUS: "refused",
    "@@ class Refund:\n" + RENAME + "@@ class Invoice:\n" + MINUS: "Refund '        return \"Money back\"', Order '        return -self.net'",
    "@@ class Refund:\n def total(self):\n-    return self.net\n+    return -self.net\n": "Refund '    return -self.net'",
}

def changes(edited):
    if edited == "refused":
        return edited
    where, found = "before all", []
    for line in difflib.ndiff(TEXT.split("\n"), edited.split("\n")):
        if line.startswith("  class "):
            where = line[8:-1]
        elif line.startswith("+ "):
            found.append(f"{where} {line[2:]!r}")
    return ", ".join(found)

def in_python(diff):
    try:
        return apply_diff(TEXT, diff)
    except ValueError:
        return "refused"

asked = json.dumps({"text": TEXT, "diffs": list(CASES)})
scripts = json.loads(subprocess.run(["node", "edit.cjs"], input=asked, capture_output=True, text=True, check=True).stdout)
changed = None
for (diff, expected), script in zip(CASES.items(), scripts):
    seen = changes(in_python(diff))
    print(f"  {diff!r}\n      {seen}")
    if (seen, changes(script)) != (expected, expected) and not changed:
        changed = f"{diff!r}: was {expected}, is {seen} and {changes(script)}"
made = apply_diff("", "+one\n+two\n", mode="create")
print(f"  a new file of two lines: {made!r}")
if made != "one\ntwo" and not changed:
    changed = f"a new file: {made!r}"
if changed:
    sys.exit(f"CHANGED: {changed}")
print("as found")
PY
venv/bin/python -W ignore check.py
