#!/bin/sh
# One grammar engine, two registries, two languages: xgrammar from PyPI and from npm.
#
# Guess:   the npm package @mlc-ai/web-xgrammar is the same engine built for wasm, so the same schema admits
#          the same JSON; a lag of some versions costs features, not correctness.
# Reality: for numbers with bounds and for strings with a slash the two admit different, partly disjoint sets.
#          npm 0.1.27 refuses 0.5 under {"minimum":0} and -0.5 under {-1..1}, and lets 1.9 through under {0..1}.
#          It admits the enum value a/b only in the spelling "a\/b", which PyPI 0.2.9 and llguidance refuse.
#          Both are silent: no warning, no error. (0.1.27 is the newest that npm has, 2026-11.)
# Seen:    xgrammar 0.2.9, @mlc-ai/web-xgrammar 0.1.27, llguidance 1.9.1; the rows printed below.
# So:      a temperature, a probability or a price in a tool schema is garbled in a browser client and right on
#          the server, with one engine's name on both. Check numbers after decoding, in every client.
#          A MIME type or a repository name in an enum comes back with backslashes: compare parsed values only,
#          never the text, and do not replay the text of one engine through the other's matcher.
# Note:    xgrammar's Python wrapper imports torch, which no grammar needs. To stay small this script loads
#          the wheel's own native library directly.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check llguidance==1.9.1 apache-tvm-ffi==0.1.15.post2
venv/bin/pip install -q --disable-pip-version-check --no-deps xgrammar==0.2.9
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @mlc-ai/web-xgrammar@0.1.27
# The package says "type": "module" but ships a script for require.
cp node_modules/@mlc-ai/web-xgrammar/lib/index.js xgrammar.cjs
cat >cases.json <<'JSON'
[["minimum 0", {"type": "number", "minimum": 0}, ["0.5", "1.5"]],
 ["0 to 1", {"type": "number", "minimum": 0, "maximum": 1}, ["0.5", "1.9"]],
 ["-1 to 1", {"type": "number", "minimum": -1, "maximum": 1}, ["-0.5", "1.9"]],
 ["0.1 to 1.9", {"type": "number", "minimum": 0.1, "maximum": 1.9}, ["1", "1.5"]],
 ["enum a/b", {"enum": ["a/b"]}, ["\"a/b\"", "\"a\\/b\""]]]
JSON
cat >npm.cjs <<'JS'
const xgrammar = require("./xgrammar.cjs");
(async () => {
  const rows = {};
  for (const [name, schema, texts] of require("./cases.json")) {
    const grammar = await xgrammar.Grammar.fromJSONSchema(JSON.stringify(schema));
    rows[name] = [];
    for (const text of texts) rows[name].push(await xgrammar.Testings.isGrammarAcceptString(grammar, text));
  }
  console.log(JSON.stringify(rows));
})();
JS
node npm.cjs >npm.json
cat >check.py <<'PY'
import importlib.util, json, pathlib, sys

from llguidance import LLMatcher, LLTokenizer

folder = importlib.util.find_spec("xgrammar").submodule_search_locations[0]
import tvm_ffi
tvm_ffi.load_module(str(pathlib.Path(folder, "libxgrammar_bindings.so")))
sys.path.insert(0, folder)
import tvm_ffi_binding as core

BYTES = LLTokenizer("byte")

def pypi(schema, text):
    grammar = core.Grammar.from_json_schema(json.dumps(schema), True, None, None, True, None, False, False)
    nothing = core.TokenizerInfo([], 0, None, None, False)
    compiled = core.GrammarCompiler(nothing, 1, False, -1, False).compile_grammar_ebnf(grammar)
    matcher = core.GrammarMatcher(compiled, None, True, -1, None)
    return bool(matcher.accept_string(text, False) and matcher.is_terminated())

def llguidance(schema, text):
    tokens = BYTES.tokenize_str(text)
    matcher = LLMatcher(BYTES, LLMatcher.grammar_from_json_schema(schema))
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()

npm = json.load(open("npm.json"))
seen = {}
for name, schema, texts in json.load(open("cases.json")):
    for index, text in enumerate(texts):
        verdicts = [npm[name][index], pypi(schema, text), llguidance(schema, text)]
        seen[f"{name}: {text}"] = " ".join("yes" if verdict else "no" for verdict in verdicts)
expected = {
    "minimum 0: 0.5": "no yes yes",
    "minimum 0: 1.5": "yes yes yes",
    "0 to 1: 0.5": "yes yes yes",
    "0 to 1: 1.9": "yes no no",
    "-1 to 1: -0.5": "no yes yes",
    "-1 to 1: 1.9": "yes no no",
    "0.1 to 1.9: 1": "no yes yes",
    "0.1 to 1.9: 1.5": "yes yes yes",
    'enum a/b: "a/b"': "no yes yes",
    'enum a/b: "a\\/b"': "yes no no",
}
print("admitted by  npm xgrammar, PyPI xgrammar, llguidance ?")
for name, value in seen.items():
    print(f"  {name:20}{value}")
changed = [name for name in expected if seen.get(name) != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen.get(changed[0])!r}")
print("as found")
PY
venv/bin/python check.py
