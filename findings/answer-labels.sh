#!/bin/sh
# A label, a yes or no, and a number, read out of a model's words by BAML's forgiving parser.
#
# Guess:   (before running) of an answer in words it takes the label that stands there as a word, and is an error where
#          the words say something else: "not urgent", "disapprove". Numbers lose their unit, not their size.
# Reality: a label is found inside of words and behind a "not": "I do not approve", "disapprove" and even "cannot
#          approve; reject" are all approve, "This is not urgent." and "non-urgent" are URGENT, "abnormal" is NORMAL,
#          "untrue" is True. "Not spam, I would say normal", which a reader understands, is the error. Of numbers 1,5 is
#          15, 5k is 5, "$3 million" is 3, (5) is 5 and a whole number of 1/3 is 0; "10-20" and 10:30 are errors, and a
#          list written "1, 2, 3" has nothing in it.
# Seen with baml-py 0.226.3, the functions below and no model: each answer is handed to the parser alone.
# So:      wherever the answer starts an action, use a grammar, or take an answer only when it is the label and nothing
#          else. Log the raw answer beside the parsed one. Choose labels that are no part of their opposites: allow and
#          deny, not approve and disapprove.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check baml-py==0.226.3 pydantic==2.14.4 typing_extensions==4.16.0
mkdir baml_src
cat >baml_src/main.baml <<'BAML'
generator python {
  output_type "python/pydantic"
  output_dir "../"
  version "0.226.3"
  default_client_mode sync
}
client<llm> Nobody {
  provider "openai-generic"
  options {
    model "none"
    base_url "http://127.0.0.1:1"
  }
}
enum Ticket {
  URGENT
  NORMAL
  SPAM
}
function Label(text: string) -> Ticket {
  client Nobody
  prompt #"{{ text }}"#
}
function Decision(text: string) -> "approve" | "reject" {
  client Nobody
  prompt #"{{ text }}"#
}
function Flag(text: string) -> bool {
  client Nobody
  prompt #"{{ text }}"#
}
function Number(text: string) -> float {
  client Nobody
  prompt #"{{ text }}"#
}
function Whole(text: string) -> int {
  client Nobody
  prompt #"{{ text }}"#
}
function Numbers(text: string) -> int[] {
  client Nobody
  prompt #"{{ text }}"#
}
BAML
BAML_LOG=off venv/bin/baml-cli generate >log 2>&1 || { cat log; exit 1; }
cat >check.py <<'PY'
import os, sys

os.environ["BAML_LOG"] = "off"
from baml_client.sync_client import b
from baml_py.errors import BamlError

ANSWERS = {
    b.parse.Decision: ["approve", "I do not approve", "disapprove", "unapproved", "cannot approve; reject"],
    b.parse.Label: ["URGENT", "This is not urgent.", "non-urgent", "abnormal", "Not spam, I would say normal"],
    b.parse.Flag: ["not true", "untrue", "falsetto", "yes"],
    b.parse.Number: ["$1,250.50", "1,5", "1.250,50", "5k", "$3 million", "(5)", "10-20"],
    b.parse.Whole: ["1/3", "10:30"],
    b.parse.Numbers: ["[1, 2, 3", "1, 2, 3", "1,250"],
}
expected = {
    "Decision approve": "approve",
    "Decision I do not approve": "approve",
    "Decision disapprove": "approve",
    "Decision unapproved": "approve",
    "Decision cannot approve; reject": "approve",
    "Label URGENT": "URGENT",
    "Label This is not urgent.": "URGENT",
    "Label non-urgent": "URGENT",
    "Label abnormal": "NORMAL",
    "Label Not spam, I would say normal": "error",
    "Flag not true": "True",
    "Flag untrue": "True",
    "Flag falsetto": "False",
    "Flag yes": "error",
    "Number $1,250.50": "1250.5",
    "Number 1,5": "15.0",
    "Number 1.250,50": "error",
    "Number 5k": "5.0",
    "Number $3 million": "3.0",
    "Number (5)": "5.0",
    "Number 10-20": "error",
    "Whole 1/3": "0",
    "Whole 10:30": "error",
    "Numbers [1, 2, 3": "[1, 2, 3]",
    "Numbers 1, 2, 3": "[]",
    "Numbers 1,250": "[1250]",
}
seen = {}
for read, answers in ANSWERS.items():
    for answer in answers:
        try:
            value = read(answer)
            seen[f"{read.__name__} {answer}"] = str(getattr(value, "value", value))
        except BamlError:
            seen[f"{read.__name__} {answer}"] = "error"
for name, value in seen.items():
    print(f"  {name:40}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
