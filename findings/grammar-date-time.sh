#!/bin/sh
# A date with a time, a time and a duration of a Python server (pydantic), in four grammar engines.
#
# Guess:   "format": "date-time" is RFC 3339 wherever it is known, with any zone. What pydantic itself writes for a field
#          can be written under the grammar of that field. A field that takes only local times, or only times with a
#          zone, says so in its schema.
# Reality: no: llguidance and xgrammar demand a zone, outlines-core takes Z or none and no other (not +01:00) and a
#          fraction of three digits only, lm-format-enforcer takes any text. NaiveDatetime and AwareDatetime publish
#          one and the same schema, and the server of NaiveDatetime refuses all that has a zone: under llguidance or
#          xgrammar nothing can be written that it takes. Of the times that pydantic writes, 10:00:00 is none for
#          these two, which want 10:00:00Z, nor are its durations of half a second and of minus five minutes.
#          In outlines-core any duration is an error.
# Seen with pydantic 2.14.4, llguidance 1.9.1, xgrammar 0.2.9, outlines-core 0.2.14, lm-format-enforcer 0.11.3:
#          the rows printed below.
# So:      a model that is told "at ten" has to invent a zone under one engine and to leave out the known one under
#          another; an appointment moves by an hour and no error is seen. Take "format" out of the schemas that a
#          grammar is made from (or put a pattern in its place with an optional zone), leave the judgement to the
#          server, and show the model the server's message.
# Note:    xgrammar's Python wrapper imports torch, which no grammar needs. To stay small this script loads
#          the wheel's own native library directly.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check llguidance==1.9.1 lm-format-enforcer==0.11.3 apache-tvm-ffi==0.1.15.post2 \
    outlines-core==0.2.14 pydantic==2.14.4
venv/bin/pip install -q --disable-pip-version-check --no-deps xgrammar==0.2.9
cat >check.py <<'PY'
import importlib.util, json, logging, pathlib, re, sys
from datetime import datetime, time, timedelta

logging.disable()
from llguidance import LLMatcher, LLTokenizer
from lmformatenforcer import JsonSchemaParser
from outlines_core.json_schema import build_regex_from_schema
from pydantic import AwareDatetime, NaiveDatetime, TypeAdapter, ValidationError

folder = importlib.util.find_spec("xgrammar").submodule_search_locations[0]
import tvm_ffi
tvm_ffi.load_module(str(pathlib.Path(folder, "libxgrammar_bindings.so")))
sys.path.insert(0, folder)
import tvm_ffi_binding as core

BYTES = LLTokenizer("byte")


def server(kind, text):
    try:
        TypeAdapter(kind).validate_json(text)
        return True
    except ValidationError:
        return False


def llguidance(schema, text):
    tokens = BYTES.tokenize_str(text)
    matcher = LLMatcher(BYTES, LLMatcher.grammar_from_json_schema(schema))
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


def xgrammar(schema, text):
    grammar = core.Grammar.from_json_schema(json.dumps(schema), True, None, None, True, None, False, False)
    nothing = core.TokenizerInfo([], 0, None, None, False)
    compiled = core.GrammarCompiler(nothing, 1, False, -1, False).compile_grammar_ebnf(grammar)
    matcher = core.GrammarMatcher(compiled, None, True, -1, None)
    return bool(matcher.accept_string(text, False) and matcher.is_terminated())


def outlines_core(schema, text):
    return bool(re.fullmatch(build_regex_from_schema(json.dumps(schema)), text))


def lm_format_enforcer(schema, text):
    state = JsonSchemaParser(schema)
    for char in text:
        if char not in state.get_allowed_characters():
            return False
        state = state.add_character(char)
    return state.can_end()


def verdict(judge, *arguments):
    try:
        return "yes" if judge(*arguments) else "no"
    except ValueError:
        return "error"


TEXTS = {
    NaiveDatetime: ["2026-11-30T10:00:00", "2026-11-30T10:00:00Z"],
    AwareDatetime: ["2026-11-30T10:00:00", "2026-11-30T10:00:00Z", "2026-11-30T10:00:00+01:00"],
    datetime: ["2026-11-30T10:00:00.250Z", "2026-11-30T10:00:00.5Z", "2026-11-30T10:00:00.123456"],
    time: ["10:00:00", "10:00:00Z"],
    timedelta: ["PT5M", "-PT5M", "PT0.5S"],
}
expected = {
    "NaiveDatetime 2026-11-30T10:00:00": "yes no no yes yes",
    "NaiveDatetime 2026-11-30T10:00:00Z": "no yes yes yes yes",
    "AwareDatetime 2026-11-30T10:00:00": "no no no yes yes",
    "AwareDatetime 2026-11-30T10:00:00Z": "yes yes yes yes yes",
    "AwareDatetime 2026-11-30T10:00:00+01:00": "yes yes yes no yes",
    "datetime 2026-11-30T10:00:00.250Z": "yes yes yes yes yes",
    "datetime 2026-11-30T10:00:00.5Z": "yes yes yes no yes",
    "datetime 2026-11-30T10:00:00.123456": "yes no no no yes",
    "time 10:00:00": "yes no no yes yes",
    "time 10:00:00Z": "yes yes yes yes yes",
    "timedelta PT5M": "yes yes yes error yes",
    "timedelta -PT5M": "yes no no error yes",
    "timedelta PT0.5S": "yes no no error yes",
}
seen = {}
for kind, texts in TEXTS.items():
    schema = TypeAdapter(kind).json_schema()
    for text in texts:
        quoted = json.dumps(text)
        verdicts = [verdict(server, kind, quoted)]
        verdicts += [verdict(judge, schema, quoted) for judge in (llguidance, xgrammar, outlines_core, lm_format_enforcer)]
        seen[f"{kind.__name__} {text}"] = " ".join(verdicts)
if TypeAdapter(NaiveDatetime).json_schema() != TypeAdapter(AwareDatetime).json_schema():
    sys.exit("CHANGED: the schemas of NaiveDatetime and AwareDatetime now differ")
for kind, value, text in ((time, time(10), "10:00:00"), (timedelta, timedelta(seconds=0.5), "PT0.5S"),
                          (timedelta, timedelta(minutes=-5), "-PT5M")):
    if TypeAdapter(kind).dump_json(value) != json.dumps(text).encode():
        sys.exit(f"CHANGED: pydantic no longer writes {text} for {value!r}")
print("the server, and the grammars of llguidance, xgrammar, outlines-core, lm-format-enforcer:")
for name, value in seen.items():
    print(f"  {name:41}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
