#!/bin/sh
# allOf of two objects, in four grammar engines.
#
# Guess:   allOf means "both": one object with a and b. An engine that can't do that refuses the schema.
# Reality: llguidance and lm-format-enforcer merge the two. xgrammar drops the schema and admits any JSON at
#          all, the number 42 included (one warning on standard error). outlines-core puts the two one after
#          the other: all it admits is of the form {"a":1}{"b":2}, which no JSON parser reads.
# Seen with llguidance 1.9.1, xgrammar 0.2.9, outlines-core 0.2.14, lm-format-enforcer 0.11.3:
#                             merged   only a   42    glued
#          llguidance         yes      no       no    no
#          lm-format-enforcer yes      no       no    no
#          xgrammar           yes      yes      yes   no
#          outlines-core      no       no       no    yes
# So:      allOf is how schemas made from OpenAPI or from class hierarchies say "extends". Merge allOf before a
#          schema reaches an engine, and still parse and validate what was decoded: "constrained" does not mean
#          "parses".
# Note:    xgrammar's Python wrapper imports torch, which no grammar needs. To stay small this script loads
#          the wheel's own native library directly.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
    llguidance==1.9.1 outlines-core==0.2.14 lm-format-enforcer==0.11.3 apache-tvm-ffi==0.1.15.post2
venv/bin/pip install -q --disable-pip-version-check --no-deps xgrammar==0.2.9
cat >check.py <<'PY'
import importlib.util, json, pathlib, re, sys

from llguidance import LLMatcher, LLTokenizer
from lmformatenforcer import JsonSchemaParser
from outlines_core.json_schema import build_regex_from_schema

folder = importlib.util.find_spec("xgrammar").submodule_search_locations[0]
import tvm_ffi
tvm_ffi.load_module(str(pathlib.Path(folder, "libxgrammar_bindings.so")))
sys.path.insert(0, folder)
import tvm_ffi_binding as core

BYTES = LLTokenizer("byte")

def llguidance(schema):
    grammar = LLMatcher.grammar_from_json_schema(schema)
    def accepts(text):
        tokens = BYTES.tokenize_str(text)
        matcher = LLMatcher(BYTES, grammar)
        return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()
    return accepts

def xgrammar(schema):
    grammar = core.Grammar.from_json_schema(json.dumps(schema), True, None, None, True, None, False, False)
    nothing = core.TokenizerInfo([], 0, None, None, False)
    compiled = core.GrammarCompiler(nothing, 1, False, -1, False).compile_grammar_ebnf(grammar)
    def accepts(text):
        matcher = core.GrammarMatcher(compiled, None, True, -1, None)
        return bool(matcher.accept_string(text, False) and matcher.is_terminated())
    return accepts

def outlines(schema):
    pattern = re.compile(build_regex_from_schema(json.dumps(schema)))
    return lambda text: pattern.fullmatch(text) is not None

def enforcer(schema):
    start = JsonSchemaParser(schema)
    def accepts(text):
        state = start
        for char in text:
            if char not in state.get_allowed_characters():
                return False
            state = state.add_character(char)
        return state.can_end()
    return accepts

def row(engine, schema, values):
    try:
        accepts = engine(schema)
    except Exception as error:
        return "raises " + type(error).__name__
    return " ".join("yes" if accepts(text) else "no" for text in values)

def part(name):
    return {"type": "object", "properties": {name: {"type": "integer"}}, "required": [name]}

schema = {"allOf": [part("a"), part("b")]}
TEXTS = ['{"a":1,"b":2}', '{"a":1}', "42", '{"a":1}{"b":2}']
try:
    json.loads(TEXTS[3])
    sys.exit("CHANGED: the glued text is JSON after all")
except json.JSONDecodeError:
    pass
seen = {engine.__name__: row(engine, schema, TEXTS) for engine in (llguidance, enforcer, xgrammar, outlines)}
expected = {
    "llguidance": "yes no no no",
    "enforcer": "yes no no no",
    "xgrammar": "yes yes yes no",
    "outlines": "no no no yes",
}
print("admitted:", "   ".join(TEXTS))
for name, value in seen.items():
    print(f"  {name:12}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
