#!/bin/sh
# A diff that a model wrote, with line numbers or counts in its @@ line that are not quite right: four libraries.
#
# Guess:   models count badly, so a library either finds the lines by their text or refuses the diff. What it reports as
#          applied has been applied.
# Reality: of a hunk of four lines whose @@ line says 1,1 patch-ng and whatthepatch read one line, drop the rest and
#          report success with the file as it was. If a right hunk follows, whatthepatch makes that one alone and
#          patch-ng neither. unidiff counts 0 added and 0 removed lines. "@@ -2 +2 @@", without counts, is the same for
#          patch-ng and unidiff, and right in whatthepatch. "@@" alone, as models write it, is a success without a
#          change in jsdiff and an empty diff for unidiff. Where the number of the line is off by one, patch-ng refuses;
#          with fuzz=True it reports success, having written the new line over the neighbour of the old one: the rent
#          stands twice and the heating is gone. jsdiff finds the lines by their text, whatever their number.
# Seen with patch-ng 1.19.1, whatthepatch 1.0.7, unidiff 1.0.1, diff 9.0.0 (npm): the rows printed below.
# So:      "applied" is no proof: compare the file before and after, and count its changed lines against the lines of
#          the diff that begin with + and -. Set the counts right before parsing (git apply --recount does), and leave
#          fuzz off.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check patch-ng==1.19.1 whatthepatch==1.0.7 unidiff==1.0.1
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts diff@9.0.0
cat >apply.cjs <<'JS'
const { applyPatch } = require("diff");
const { text, diffs } = JSON.parse(require("fs").readFileSync(0));

console.log(JSON.stringify(diffs.map((diff) => {
  try {
    return applyPatch(text, diff) || "refused";
  } catch {
    return "refused";
  }
})));
JS
cat >check.py <<'PY'
import json, logging, pathlib, subprocess, sys
import patch_ng, unidiff, whatthepatch
logging.disable(logging.CRITICAL)

TEXT = "rate: 5\nmonths: 12\nrent: 900\nheat: 50\nwater: 20\ngas: 30\n"
RENT = " months: 12\n-rent: 900\n+rent: 950\n heat: 50\n"
WATER = "@@ -5,2 +5,2 @@\n-water: 20\n+water: 25\n gas: 30\n"
DONE, NOTHING = "900 -> 950", "success, no change"
# The diff -> what is done by patch-ng, patch-ng with fuzz, whatthepatch and jsdiff, and what unidiff counts.
CASES = {
    "@@ -2,3 +2,3 @@\n" + RENT: (DONE, DONE, DONE, DONE, "+1 -1"),
    "@@ -2,1 +2,1 @@\n" + RENT: (NOTHING, NOTHING, NOTHING, "refused", "+0 -0"),
    "@@ -2,1 +2,1 @@\n" + RENT + WATER: (NOTHING, NOTHING, "20 -> 25", "refused", "refused"),
    "@@ -2 +2 @@\n" + RENT: (NOTHING, NOTHING, DONE, "refused", "+0 -0"),
    "@@\n" + RENT: ("refused", "refused", "refused", NOTHING, "+0 -0"),
    "@@ -3,3 +3,3 @@\n" + RENT: ("refused", "heat: 50 -> rent: 950", "refused", DONE, "+1 -1"),
    "@@ -1,3 +1,3 @@\n" + RENT: ("refused", "months: 12 -> rent: 950", "refused", DONE, "+1 -1"),
}
NAMES = ("patch-ng", "patch-ng, fuzz", "whatthepatch", "jsdiff", "unidiff")

def changes(text):
    if text == "refused":
        return text
    pairs = [(old.split(": "), new.split(": ")) for old, new in zip(TEXT.splitlines(), text.splitlines(), strict=True) if old != new]
    told = [f"{old[1]} -> {new[1]}" if old[0] == new[0] else f"{': '.join(old)} -> {': '.join(new)}" for old, new in pairs]
    return ", ".join(told) or "success, no change"

def by_patch_ng(diff, fuzz):
    pathlib.Path("x.yml").write_text(TEXT)
    patches = patch_ng.fromstring(diff.encode())
    return pathlib.Path("x.yml").read_text() if patches and patches.apply(strip=1, fuzz=fuzz) else "refused"

def by_whatthepatch(diff):
    try:
        return "\n".join(whatthepatch.apply_diff(next(whatthepatch.parse_patch(diff)), TEXT))
    except (whatthepatch.exceptions.WhatThePatchException, TypeError):
        return "refused"

def counted(diff):
    try:
        patches = unidiff.PatchSet(diff)
    except unidiff.UnidiffParseError:
        return "refused"
    return f"+{patches.added} -{patches.removed}"

diffs = [f"--- a/x.yml\n+++ b/x.yml\n{hunks}" for hunks in CASES]
asked = json.dumps({"text": TEXT, "diffs": diffs})
scripts = json.loads(subprocess.run(["node", "apply.cjs"], input=asked, capture_output=True, text=True, check=True).stdout)
changed = None
for (hunks, expected), diff, script in zip(CASES.items(), diffs, scripts):
    edited = by_patch_ng(diff, False), by_patch_ng(diff, True), by_whatthepatch(diff), script
    seen = (*map(changes, edited), counted(diff))
    print(f"  {hunks!r}")
    for name, text in zip(NAMES, seen):
        print(f"      {name:16}{text}")
    if seen != expected and not changed:
        changed = f"{hunks!r}: was {expected}, is {seen}"
if changed:
    sys.exit(f"CHANGED: {changed}")
print("as found")
PY
venv/bin/python -W ignore check.py
