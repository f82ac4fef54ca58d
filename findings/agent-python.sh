#!/bin/sh
# Short programs as a model writes them, in two interpreters made for the Python of agents: smolagents' and Monty.
#
# Guess:   both know less than Python, and what they do not know is an error that the model is told. A program that
#          runs to its end gives what Python gives.
# Reality: of 14 plain programs smolagents runs 10 to another result and Monty 4, without an error.
#          smolagents: `break` and `return` inside of `try: ... except Exception:` are caught as errors, so the loop goes
#          on; the `else` of a loop never runs; a decorator is ignored; *args begins with the arguments that have
#          names of their own; a default is computed on each call; `a[ask()] += 1` asks twice; {x!r} is {x}; print
#          ignores `sep`; a function without `return` returns its last expression.
#          Monty: any(ask(x) for x in xs) asks about each x, also after the first yes; a generator and a zip can be
#          read twice, so a second sum is not 0; `b |= {2}` makes a new set, which other names of the old one do not
#          see; round(2.675, 2) is 2.68.
# Seen with smolagents 1.26.0, pydantic-monty 1.4.0, beside the Python that runs this: the rows printed below.
# So:      a code agent's wrong number may be its interpreter's. With such an interpreter a tool may be called twice or
#          more often than the program says, and an error handler may hide a `break`. Where functions cost money or
#          change something, run real Python in a sandbox, or test the interpreter with programs such as these
#          and tell the model what it must not write.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check smolagents==1.26.0 pydantic-monty==1.4.0
cat >check.py <<'PY'
import contextlib, io, sys
from pydantic_monty import Monty
from smolagents.local_python_executor import LocalPythonExecutor

ASK = "asked = []\ndef ask(x):\n    asked.append(x)\n    return x > 1\n"
# Name -> program that leaves its result in `result`, and what Python, smolagents and Monty make of it.
PROGRAMS = {
    "break in try": ("""
result = []
for row in ["1", "end", "3"]:
    try:
        if row == "end":
            break
        result.append(int(row))
    except Exception:
        result.append("bad row")
""", "[1]", "[1, 'bad row', 3]", "[1]"),
    "return in try": ("""
def first_even(rows):
    for row in rows:
        try:
            if row % 2 == 0:
                return row
        except Exception:
            return "bad row"
result = first_even([1, 2, 3])
""", "2", "'bad row'", "2"),
    "else of a loop": ("""
result = "found"
for row in [1, 2]:
    if row == 5:
        break
else:
    result = "not found"
""", "'not found'", "'found'", "'not found'"),
    "decorator": ("""
def doubled(f):
    return lambda x: f(x) * 2
@doubled
def plus_one(x):
    return x + 1
result = plus_one(1)
""", "4", "2", "4"),
    "*args": ("""
def total(unit, *rows):
    return f"{len(rows)} {unit}"
result = total("euros", 5, 6)
""", "'2 euros'", "'3 euros'", "'2 euros'"),
    "default": ("""
tax = 10
def price(net, tax=tax):
    return net + tax
tax = 20
result = price(100)
""", "110", "120", "110"),
    "a[ask()] += 1": (ASK + """
rows = [5, 6]
rows[ask(0)] += 1
result = asked
""", "[0]", "[0, 0]", "[0]"),
    "{x!r}": ("result = f'{\"7\"!r}'", "\"'7'\"", "'7'", "\"'7'\""),
    "print with sep": ("print(1, 2, sep=';')\nresult = None", "None, 1;2", "None, 1 2", "None, 1;2"),
    "no return": ("""
def note(x):
    x * 2
result = note(4)
""", "None", "8", "None"),
    "any()": (ASK + "any(ask(x) for x in [1, 2, 3, 4])\nresult = asked", "[1, 2]", "[1, 2]", "[1, 2, 3, 4]"),
    "two sums": ("rows = (x for x in [1, 2])\nresult = [sum(rows), sum(rows)]", "[3, 0]", "[3, 0]", "[3, 3]"),
    "|= of a set": ("seen = {1}\nnew = seen\nnew |= {2}\nresult = sorted(seen)", "[1, 2]", "[1, 2]", "[1]"),
    "round": ("result = round(2.675, 2)", "2.67", "2.67", "2.68"),
}

def told(result, printed):
    return repr(result) + (f", {printed.strip()}" if printed else "")

def by_python(program):
    names, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program, names)
    return told(names["result"], printed.getvalue())

def by_smolagents(program):
    interpreter = LocalPythonExecutor(additional_authorized_imports=[])
    interpreter.send_tools({})
    done = interpreter(program + "\nresult")
    return told(done.output, done.logs)

def by_monty(pool, program):
    printed = []
    with pool.checkout() as session:
        result = session.feed_run(program + "\nresult", print_callback=lambda stream, text: printed.append(text))
    return told(result, "".join(printed))

seen = {}
with Monty() as pool:
    for name, (program, *_) in PROGRAMS.items():
        seen[name] = (by_python(program), by_smolagents(program), by_monty(pool, program))
print(f"  {'':16}{'Python':15}{'smolagents':20}Monty")
for name, (python, smolagents, monty) in seen.items():
    print(f"  {name:16}{python:15}{smolagents:20}{monty}")
changed = [name for name, (_, *expected) in PROGRAMS.items() if seen[name] != tuple(expected)]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {PROGRAMS[changed[0]][1:]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
