#!/bin/sh
# Which letters `\w` stands for in the pattern of a tool's argument: for the server that
# wrote the schema, for the validators, and for the grammars made from it.
#
# Guess:   all of them read a pattern alike; at worst a client and a server differ on rare signs.
# Reality: The schema of a Python server (pydantic) says "pattern": "^\\w+$", and that server takes Zürich and 苏黎世,
#          as Python's jsonschema does. Three grammars and the validators of Rust and Node keep to ECMA-262, where
#          `\w` and `\d` are ASCII: a model under the grammar can only write Zurich, and nothing of a Chinese name.
# Seen with pydantic 2.14.4, jsonschema 4.26.0, jsonschema-rs 0.61.2, ajv 8.20.0, llguidance 1.9.1, xgrammar 0.2.9,
# lm-format-enforcer 0.11.3:
#          pydantic, jsonschema                                              Zurich, Zürich and 苏黎世
#          jsonschema-rs, ajv, llguidance, xgrammar, lm-format-enforcer      Zurich only
# So:      where a pattern comes from a server, read `\w` in it as letters of any script and leave the last word to the
#          server: too narrow a grammar does not fail, it bends the argument.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check llguidance==1.9.1 lm-format-enforcer==0.11.3 apache-tvm-ffi==0.1.15.post2 \
    jsonschema==4.26.0 jsonschema-rs==0.61.2 pydantic==2.14.4
venv/bin/pip install -q --disable-pip-version-check --no-deps xgrammar==0.2.9
npm install --silent --no-audit --no-fund --prefix "$dir" ajv@8.20.0 >/dev/null
cat >ajv.js <<'JS'
const Ajv = require("ajv");
const [schema, value] = process.argv.slice(2).map((text) => JSON.parse(text));
console.log(new Ajv().compile(schema)(value) ? "yes" : "no");
JS
cat >check.py <<'PY'
import importlib.util, json, pathlib, subprocess, sys
from typing import Annotated

import jsonschema, jsonschema_rs
from llguidance import LLMatcher, LLTokenizer
from lmformatenforcer import JsonSchemaParser
from pydantic import StringConstraints, TypeAdapter, ValidationError

folder = importlib.util.find_spec("xgrammar").submodule_search_locations[0]
import tvm_ffi
tvm_ffi.load_module(str(pathlib.Path(folder, "libxgrammar_bindings.so")))
sys.path.insert(0, folder)
import tvm_ffi_binding as core

BYTES = LLTokenizer("byte")


def pydantic_server(schema, value):
    try:
        TypeAdapter(Annotated[str, StringConstraints(pattern=schema["pattern"])]).validate_python(value)
        return True
    except ValidationError:
        return False


def python_jsonschema(schema, value):
    return jsonschema.Draft202012Validator(schema).is_valid(value)


def rust_jsonschema(schema, value):
    return jsonschema_rs.is_valid(schema, value)


def node_ajv(schema, value):
    args = ["node", "ajv.js", json.dumps(schema), json.dumps(value)]
    return subprocess.run(args, capture_output=True, text=True, check=True).stdout.strip() == "yes"


def llguidance(schema, value):
    tokens = BYTES.tokenize_str(json.dumps(value, ensure_ascii=False))
    matcher = LLMatcher(BYTES, LLMatcher.grammar_from_json_schema(schema))
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


def xgrammar(schema, value):
    grammar = core.Grammar.from_json_schema(json.dumps(schema), True, None, None, True, None, False, False)
    nothing = core.TokenizerInfo([], 0, None, None, False)
    compiled = core.GrammarCompiler(nothing, 1, False, -1, False).compile_grammar_ebnf(grammar)
    matcher = core.GrammarMatcher(compiled, None, True, -1, None)
    return bool(matcher.accept_string(json.dumps(value, ensure_ascii=False), False) and matcher.is_terminated())


def lm_format_enforcer(schema, value):
    state = JsonSchemaParser(schema)
    for char in json.dumps(value, ensure_ascii=False):
        if char not in state.get_allowed_characters():
            return False
        state = state.add_character(char)
    return state.can_end()


CASES = [(r"^\w+$", "Zurich"), (r"^\w+$", "Zürich"), (r"^\w+$", "苏黎世"), (r"^\d+$", "20"), (r"^\d+$", "२०")]
seen = {}
for judge in [pydantic_server, python_jsonschema, rust_jsonschema, node_ajv, llguidance, xgrammar, lm_format_enforcer]:
    words = []
    for pattern, value in CASES:
        try:
            words.append("yes" if judge({"type": "string", "pattern": pattern}, value) else "no")
        except Exception as error:
            words.append(type(error).__name__)
    seen[judge.__name__] = " ".join(words)
print("is it a match?      " + "  ".join(f"{pattern} {value}" for pattern, value in CASES))
for name, value in seen.items():
    print(f"{name:20}{value}")
expected = {
    "pydantic_server": "yes yes yes yes yes",
    "python_jsonschema": "yes yes yes yes yes",
    "rust_jsonschema": "yes no no yes no",
    "node_ajv": "yes no no yes no",
    "llguidance": "yes no no yes no",
    "xgrammar": "yes no no yes no",
    "lm_format_enforcer": "yes no no yes no",
}
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
