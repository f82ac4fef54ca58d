#!/bin/sh
# A model's answer that holds two JSON objects, and the one that each of four libraries takes out of it.
#
# Guess:   a draft, an example or a quoted line of code does no harm: the last object is the answer, for all libraries.
#          An answer that can be read in two ways is an error in the stricter ones.
# Reality: instructor and DSPy take the last object, LangChain the first (in a fence, or at the start of the text), and
#          LlamaIndex whatever stands between the first and the last brace, but of two fences the first. So of a draft
#          and a corrected answer in fences those two give the draft, 100, and the others the answer, 90; of an answer
#          and a note about how it was not done instructor and DSPy give the note. A Python dict in a fence after the
#          answer counts as well; and an old value in a comment inside of the object is what instructor takes. DSPy
#          makes one object of a list of two: the first. Of two, of which the second was cut short, DSPy takes the 9 of
#          an unfinished 90 and the others the 100. Where LlamaIndex finds two objects outside of fences it fails,
#          LangChain where prose stands before them: these two are errors, all others are silent.
# Seen with instructor 1.17.0, dspy 3.4.1, langchain-core 1.8.3, llama-index-core 0.14.25: the rows printed below.
# So:      100 and 90 both pass the schema, so nobody asks again. Ask for one object and nothing else, or use a grammar,
#          and before parsing count the objects in the text: two are a reason to ask again, whatever the library does.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check instructor==1.17.0 dspy==3.4.1 langchain-core==1.8.3 llama-index-core==0.14.25
cat >check.py <<'PY'
import json, os, sys
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import dspy
from dspy.utils.exceptions import AdapterParseError
from instructor.utils import extract_json_from_codeblock
from langchain_core.exceptions import OutputParserException
from langchain_core.output_parsers import JsonOutputParser
from llama_index.core.output_parsers.base import OutputParserException as LlamaException
from llama_index.core.output_parsers.utils import parse_json_markdown

def fence(text, language="json"):
    return f"```{language}\n{text}\n```"

DRAFT, ANSWER = '{"amount": 100}', '{"amount": 90}'
# The text -> what instructor, DSPy, LangChain and LlamaIndex take: the right one is 90 in each.
CASES = {
    "draft, then answer": f"Draft: {DRAFT}. The discount is missing, so: {ANSWER}",
    "draft, then answer, both in fences": f"Draft:\n{fence(DRAFT)}\nThe discount is missing, so:\n{fence(ANSWER)}",
    "answer, then a note": f"{ANSWER}\n\nWithout the discount it would be {DRAFT}.",
    "answer in a fence, then a note": f"{fence(ANSWER)}\n\nWithout the discount it would be {DRAFT}.",
    "answer, then Python, both in fences": f"{fence(ANSWER)}\nas computed by\n{fence('total = ' + DRAFT, 'python')}",
    "answer with a comment": '{"amount": 90 // was {"amount": 100}\n}',
    "two lines": f"{DRAFT}\n{ANSWER}",
    "two lines, the second cut short": f"{DRAFT}\n{ANSWER[:-2]}",
    "a list of two": f"[{DRAFT}, {ANSWER}]",
}
SIGNATURE = dspy.Signature("text -> amount: int")
READERS = {
    "instructor": lambda text: json.loads(extract_json_from_codeblock(text)),
    "DSPy": lambda text: dspy.JSONAdapter().parse(SIGNATURE, text),
    "LangChain": JsonOutputParser().parse,
    "LlamaIndex": parse_json_markdown,
}

def read(reader, text):
    try:
        value = reader(text)
    except (ValueError, AdapterParseError, OutputParserException, LlamaException):
        return "error"
    return str(value["amount"]) if isinstance(value, dict) else type(value).__name__

seen = {name: " ".join(f"{read(reader, text):7}" for reader in READERS.values()).rstrip() for name, text in CASES.items()}
expected = dict(zip(seen, [
    "90      90      error   error", "90      90      100     100", "100     100     90      error",
    "100     100     90      error", "100     100     90      error", "100     90      error   error",
    "90      90      100     error", "100     9       100     100", "list    100     list    list",
]))
print(f"  {'':40}" + " ".join(f"{name:7}" for name in ("instr.", "DSPy", "LangCh.", "LlamaI.")))
for name, value in seen.items():
    print(f"  {name:40}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python -W ignore check.py
