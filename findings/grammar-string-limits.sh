#!/bin/sh
# What maxLength does to a string, in four grammar engines.
#
# Guess:   {"type":"string","maxLength":100} bounds the length and nothing else. Where an engine cannot
#          bound a string that also has a pattern, it says so.
# Reality: 1. In xgrammar a bound on the length (minLength or maxLength, however large) forbids every escape:
#             no newline, no quote, no backslash can be written any more. Without a bound they can.
#          2. A pattern and a maxLength together give three languages and one refusal: llguidance keeps both,
#             xgrammar drops the length (a warning on standard error), outlines-core drops the pattern (no
#             word), lm-format-enforcer raises.
# Seen with llguidance 1.9.1, xgrammar 0.2.9, outlines-core 0.2.14, lm-format-enforcer 0.11.3:
#          maxLength 100     newline quote backslash plain    llguidance yes yes yes yes, xgrammar no no no yes
#          ^[a-z]+$ and 3    abc abcd ab1    llguidance yes no no, xgrammar yes yes no, outlines-core yes no yes
# So:      a tool author who writes minLength 1 ("not empty") on a `code` or `text` parameter makes it one line
#          without quotes on every server that runs xgrammar. Take both bounds out of the schema that the
#          grammar sees and check the length afterwards, unless the engine is llguidance. Never trust that
#          a pattern and a length hold together.
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
    return " ".join("yes" if accepts(json.dumps(value)) else "no" for value in values)

long = {"type": "string", "maxLength": 100}
short = {"type": "string", "maxLength": 3, "pattern": "^[a-z]+$"}
ESCAPES, WORDS = ["a\nb", 'a"b', "a\\b", "a b"], ["abc", "abcd", "ab1"]
seen = {
    "no bound: llguidance": row(llguidance, {"type": "string"}, ESCAPES),
    "no bound: xgrammar": row(xgrammar, {"type": "string"}, ESCAPES),
    "maxLength 100: llguidance": row(llguidance, long, ESCAPES),
    "maxLength 100: xgrammar": row(xgrammar, long, ESCAPES),
    "minLength 1: xgrammar": row(xgrammar, {"type": "string", "minLength": 1}, ESCAPES),
    "pattern and maxLength 3: llguidance": row(llguidance, short, WORDS),
    "pattern and maxLength 3: xgrammar": row(xgrammar, short, WORDS),
    "pattern and maxLength 3: outlines-core": row(outlines, short, WORDS),
    "pattern and maxLength 3: lm-format-enforcer": row(enforcer, short, WORDS),
}
expected = {
    "no bound: llguidance": "yes yes yes yes",
    "no bound: xgrammar": "yes yes yes yes",
    "maxLength 100: llguidance": "yes yes yes yes",
    "maxLength 100: xgrammar": "no no no yes",
    "minLength 1: xgrammar": "no no no yes",
    "pattern and maxLength 3: llguidance": "yes no no",
    "pattern and maxLength 3: xgrammar": "yes yes no",
    "pattern and maxLength 3: outlines-core": "yes no yes",
    "pattern and maxLength 3: lm-format-enforcer": "raises LMFormatEnforcerException",
}
print("may the model write  newline, quote, backslash, plain text  /  abc, abcd, ab1 ?")
for name, value in seen.items():
    print(f"  {name:45}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
