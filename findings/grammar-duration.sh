#!/bin/sh
# A span of time: what two libraries write for it, what they read, and what the grammars from their schemas admit.
#
# Guess:   "format": "duration" is ISO 8601. What pydantic and msgspec write for a timedelta, a grammar made from
#          their schema lets a model write, and what the grammar lets it write, both read.
# Reality: the format is RFC 3339's, where no unit may be left out in the middle. Of an hour and 30 seconds pydantic
#          writes PT1H30S, which llguidance and xgrammar refuse after the H; PT1H30M is fine, so are 90 minutes in
#          most tests. Of 400 days pydantic writes P1Y35D, refused as well, and 1.5 seconds or a negative span
#          cannot be written at all. Both grammars offer P1M and P2W: pydantic reads 30 and 14 days, msgspec, whose
#          schema has the same word, refuses them.
# Seen with pydantic 2.14.4, msgspec 0.23.0, llguidance 1.9.1, xgrammar 0.2.9 (both grammars agree in each line):
#          span            pydantic writes      msgspec writes
#          1 h 30 min      PT1H30M  admitted    PT5400S  admitted
#          1 h 30 s        PT1H30S  refused     PT3630S  admitted
#          1.5 s           PT1.5S   refused     PT1.5S   refused
#          400 days        P1Y35D   refused     P400D    admitted
#          -5 s            -PT5S    refused     -PT5S    refused
#          text            the grammars         pydantic reads     msgspec reads
#          PT1H0M30S       admit                1:00:30            1:00:30
#          P1M             admit                30 days            refuses
#          P2W             admit                14 days            refuses
# So:      a timer of "an hour and 30 seconds" under such a grammar goes on from PT1H with what is left: another span,
#          and no error. Take the format out of the schema before a grammar is made of it and let the server's own
#          reader judge, or ask for a number of seconds.
# Note:    xgrammar's Python wrapper imports torch, which no grammar needs. To stay small this script loads
#          the wheel's own native library directly.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
    pydantic==2.14.4 msgspec==0.23.0 llguidance==1.9.1 apache-tvm-ffi==0.1.15.post2
venv/bin/pip install -q --disable-pip-version-check --no-deps xgrammar==0.2.9
cat >check.py <<'PY'
import importlib.util, json, pathlib, sys
from datetime import timedelta

import msgspec
from llguidance import LLMatcher, LLTokenizer
from pydantic import TypeAdapter, ValidationError

folder = importlib.util.find_spec("xgrammar").submodule_search_locations[0]
import tvm_ffi
tvm_ffi.load_module(str(pathlib.Path(folder, "libxgrammar_bindings.so")))
sys.path.insert(0, folder)
import tvm_ffi_binding as core

SPAN = TypeAdapter(timedelta)
SCHEMA = SPAN.json_schema()
BYTES = LLTokenizer("byte")

def llguidance(text):
    tokens = BYTES.tokenize_str(text)
    matcher = LLMatcher(BYTES, LLMatcher.grammar_from_json_schema(SCHEMA))
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()

GRAMMAR = core.Grammar.from_json_schema(json.dumps(SCHEMA), True, None, None, True, None, False, False)
COMPILED = core.GrammarCompiler(core.TokenizerInfo([], 0, None, None, False), 1, False, -1, False).compile_grammar_ebnf(GRAMMAR)

def xgrammar(text):
    matcher = core.GrammarMatcher(COMPILED, None, True, -1, None)
    return bool(matcher.accept_string(text, False) and matcher.is_terminated())

def admitted(text):
    verdicts = {bool(llguidance(text)), xgrammar(text)}
    return "one of two" if len(verdicts) > 1 else "admitted" if verdicts.pop() else "refused"

def read(reader, text):
    try:
        return str(reader(text))
    except (ValidationError, msgspec.ValidationError):
        return "refuses"

def bare(text):
    return text.strip('"')

seen = {"one schema": str(msgspec.json.schema(timedelta) == SCHEMA)}
SPANS = {"1 h 30 min": timedelta(minutes=90), "1 h 30 s": timedelta(hours=1, seconds=30),
         "1.5 s": timedelta(seconds=1.5), "400 days": timedelta(days=400), "-5 s": timedelta(seconds=-5)}
for name, span in SPANS.items():
    texts = SPAN.dump_json(span).decode(), msgspec.json.encode(span).decode()
    seen[name] = "   ".join(f"{bare(text):8} {admitted(text)}" for text in texts)
for text in ('"PT1H0M30S"', '"P1M"', '"P2W"'):
    readers = SPAN.validate_json, lambda text: msgspec.json.decode(text, type=timedelta)
    seen[bare(text)] = " | ".join([admitted(text)] + [read(reader, text) for reader in readers])
expected = {
    "one schema": "True",
    "1 h 30 min": "PT1H30M  admitted   PT5400S  admitted",
    "1 h 30 s": "PT1H30S  refused   PT3630S  admitted",
    "1.5 s": "PT1.5S   refused   PT1.5S   refused",
    "400 days": "P1Y35D   refused   P400D    admitted",
    "-5 s": "-PT5S    refused   -PT5S    refused",
    "PT1H0M30S": "admitted | 1:00:30 | 1:00:30",
    "P1M": "admitted | 30 days, 0:00:00 | refuses",
    "P2W": "admitted | 14 days, 0:00:00 | refuses",
}
for name, value in seen.items():
    print(f"  {name:12}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
