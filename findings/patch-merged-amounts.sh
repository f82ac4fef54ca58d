#!/bin/sh
# An assistant changes an amount, a person has changed it meanwhile, and the edit is laid over it with diff-match-patch.
#
# Guess:   a patch is refused where the number that it replaces is no longer there: patch_apply gives [false] for it. At
#          worst one of the two amounts wins.
# Reality: the patch is made of characters and is applied to the digits that are left. 900 -> 1000 over a 950 is 1050,
#          which nobody wrote; 19 -> 20 over 21 is 220, 500 -> 550 over 450 is 455, 100 -> 200 over 1000 is 2000, 15:30
#          -> 16:00 over 15:45 is 16:045. All are [true]. 8 -> 9 over 80 is 9. In a list the place is the one with
#          similar characters, not the item's: ink from 20 to 25 makes 15 of paper's 10 where ink was deleted, and 25 of
#          glue's 20 where glue stands first. The Python and the JavaScript package do the same. A merge by lines calls
#          all of them conflicts.
# Seen with diff-match-patch 20241021 (PyPI), @sanity/diff-match-patch 3.2.1 (npm), merge3 1.0.0: the rows below.
# So:      [true] says that similar text was found. For text with numbers in it merge by lines, and give a conflict back
#          to the model; or apply a patch only where the text is still the one that it was made from.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check diff-match-patch==20241021 merge3==1.0.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @sanity/diff-match-patch@3.2.1
cat >apply.mjs <<'JS'
import { readFileSync } from "node:fs";
import { applyPatches, makePatches } from "@sanity/diff-match-patch";

const cases = JSON.parse(readFileSync(0));
console.log(JSON.stringify(cases.map(([base, wanted, now]) => applyPatches(makePatches(base, wanted), now))));
JS
cat >check.py <<'PY'
import json, subprocess, sys
from diff_match_patch import diff_match_patch
from merge3 import Merge3

def sentence(amount):
    return f"The rent is {amount} a month and is due on the first day of it.\n"

def prices(rows):
    return "".join(f"- item: {row.split()[0]}\n  price: {row.split()[1]}\n" for row in rows.split(", "))

LIST = "paper 10, ink 20, pens 30", "paper 10, ink 25, pens 30"
# The text, as the assistant wants it, as it is now -> what comes of it, each time with [true].
CASES = {
    ("900", "1000", "950"): "1050",
    ("19", "20", "21"): "220",
    ("500", "550", "450"): "455",
    ("100", "200", "1000"): "2000",
    ("1200", "1500", "1400"): "1500",
    ("8", "9", "80"): "9",
    ("3.5", "4.5", "3.9"): "4.9",
    ("50 %", "60 %", "55 %"): "65 %",
    ("15:30", "16:00", "15:45"): "16:045",
    ("2 May", "3 May", "12 May"): "13 May",
    (*LIST, "paper 10, pens 30"): "paper 15, pens 30",
    (*LIST, "glue 20, paper 10, pens 30"): "glue 25, paper 10, pens 30",
}
texts = [[(prices if "," in now else sentence)(part) for part in (base, wanted, now)] for base, wanted, now in CASES]
scripts = json.loads(subprocess.run(["node", "apply.mjs"], input=json.dumps(texts), capture_output=True, text=True, check=True).stdout)
library, changed = diff_match_patch(), None
for (case, amount), (base, wanted, now), script in zip(CASES.items(), texts, scripts):
    made, done = library.patch_apply(library.patch_make(base, wanted), now)
    lines = Merge3(*(text.splitlines(True) for text in (base, wanted, now))).merge_lines(name_a="wanted", name_b="now")
    conflict = any(line.startswith("<<<") for line in lines)
    told = made.replace("- item: ", "").replace("\n  price:", "").strip().replace("\n", ", ") if "," in amount else made[12:made.index(" a month")]
    print(f"  {case[0]} -> {case[1]}, over {case[2]}: {told} {done}, by lines {'a conflict' if conflict else 'merged'}")
    expected = (prices if "," in amount else sentence)(amount)
    if (made, done, script, conflict) != (expected, [True], [expected, [True]], True) and not changed:
        changed = f"{case}: was {amount!r}, is {made!r} {done}, {script}, conflict {conflict}"
if changed:
    sys.exit(f"CHANGED: {changed}")
print("as found")
PY
venv/bin/python -W ignore check.py
