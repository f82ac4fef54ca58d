#!/bin/sh
# A table on its way into a prompt: tabulate, which pandas' to_markdown uses too.
#
# Guess:   a cell that is a string is printed as it is. Numbers are printed as Python prints them.
# Reality: tabulate looks at each column: where all its texts can be read as numbers and one has a point or an
#          exponent, they are read and printed with six digits. The version "1.10" is 1.1, "1,250.50" is 1250.5, and
#          the amount 12345678.5 is 1.23457e+07, as text and as number. A date like 20240105 is 2.02401e+07 where one
#          cell of its column has a point. True beside 1.5 is 1. A single "n/a" below brings all of it back as
#          written. "007" stays.
# Seen with tabulate 0.10.0: the rows printed below.
# So:      a model that is asked for a total cannot see more than six digits, and a version that is not the one asked
#          about is stated with confidence, in those tables only that have no gap. Pass disable_numparse=True and turn
#          numbers into texts first: with it, floats are printed as Python does (last column).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check tabulate==0.10.0
cat >check.py <<'PY'
import sys
from tabulate import tabulate

# Name -> a column, and what is printed by default and with disable_numparse.
COLUMNS = {
    "versions": (["1.10", "1.9"], "1.1 1.9", "1.10 1.9"),
    "versions, one unknown": (["1.10", "n/a"], "1.10 n/a", "1.10 n/a"),
    "amount as text": (["1,250.50", "3"], "1250.5 3", "1,250.50 3"),
    "larger amount as text": (["12345678.50"], "1.23457e+07", "12345678.50"),
    "amount as number": ([12345678.5, 1], "1.23457e+07 1", "12345678.5 1"),
    "numbers of a customer": (["20240105", "20240106"], "20240105 20240106", "20240105 20240106"),
    "the same, one with a point": (["20240105", "20240106.1"], "2.02401e+07 2.02401e+07", "20240105 20240106.1"),
    "zeros first": (["007", "12"], "007 12", "007 12"),
    "batch": (["1e3", "2e3"], "1000 2000", "1e3 2e3"),
    "truth beside a number": ([True, 1.5], "1 1.5", "True 1.5"),
}

def printed(column, **options):
    text = tabulate([["x", cell] for cell in column], headers=["k", "v"], tablefmt="github", **options)
    return " ".join(line.split("|")[2].strip() for line in text.splitlines()[2:])

seen = {name: (printed(column), printed(column, disable_numparse=True)) for name, (column, *_) in COLUMNS.items()}
for name, (default, plain) in seen.items():
    print(f"  {name:28}{str(COLUMNS[name][0]):27}{default:26}{plain}")
changed = [name for name, (_, *expected) in COLUMNS.items() if seen[name] != tuple(expected)]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {COLUMNS[changed[0]][1:]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
