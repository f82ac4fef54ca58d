#!/bin/sh
# Random numbers in a component made from JavaScript and in one made from Python.
#
# Guess:   both toolchains run the program once at build time and keep the memory image, so both take care that
#          chance is fresh in each instance; or neither does.
# Reality: JavaScript: Math.random() is seeded at build time. Each fresh instance draws the same numbers in the same
#          order, on every machine, until the tool is built again.
#          Python: random, uuid and secrets are fresh in each instance; but hash("x"), which differs between
#          processes in ordinary Python, is fixed by the build.
# Seen with componentize-qjs 0.4.5, componentize-py 0.25.1, wasmtime 50.0.1: two instances of each component.
# So:      where each call gets a fresh instance, a JavaScript tool's "random" name, id, sample or back-off is the
#          same one on each call: files overwrite each other, a sampler never samples. Tools must ask the host
#          (wasi:random), and a runtime that offers JavaScript should say so in its guide or test for it. For
#          replay the opposite holds: the JavaScript tool repeats, the Python tool does not.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check componentize-py==0.25.1 wasmtime==50.0.1
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts componentize-qjs@0.4.5
cat >dice.wit <<'WIT'
package finding:dice;

interface dice {
  draw: func() -> string;
}

world tool {
  export dice;
}
WIT
mkdir python
cat >python/app.py <<'PY'
import json, random, secrets, uuid
from wit_world import exports

class Dice(exports.Dice):
    def draw(self) -> str:
        numbers = [random.randrange(10**9) for _ in range(3)]
        return json.dumps({"random": numbers, "uuid": str(uuid.uuid4()), "secrets": secrets.token_hex(8), "hash": hash("x")})
PY
cat >app.js <<'JS'
export const dice = {
  draw() {
    return JSON.stringify({ "Math.random": [Math.random(), Math.random(), Math.random()] });
  },
};
JS
node_modules/.bin/componentize-qjs --wit dice.wit --js app.js -o javascript.wasm >build.log 2>&1 || { cat build.log; exit 1; }
venv/bin/componentize-py -d dice.wit -w tool componentize -p python app -o python.wasm >build.log 2>&1 || { cat build.log; exit 1; }
cat >check.py <<'PY'
import json, sys
from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker

engine = Engine()
linker = Linker(engine)
linker.add_wasip2()

def draw(component):
    store = Store(engine)
    store.set_wasi(WasiConfig())
    instance = linker.instantiate(store, component)
    interface = instance.get_export_index(store, "finding:dice/dice")
    return json.loads(instance.get_func(store, instance.get_export_index(store, "draw", interface))(store))

seen = {}
for language in ("javascript", "python"):
    component = Component.from_file(engine, language + ".wasm")
    first, second = draw(component), draw(component)
    for name in first:
        seen[f"{language}: {name}"] = "the same" if first[name] == second[name] else "fresh"
        print(f"  {language:11}{name:12}{seen[f'{language}: {name}']:9} {str(first[name])[:34]:35} {str(second[name])[:34]}")
    if language == "javascript" and len(set(first["Math.random"])) != 3:
        sys.exit("CHANGED: one instance does not draw different numbers")
expected = {
    "javascript: Math.random": "the same",
    "python: random": "fresh",
    "python: uuid": "fresh",
    "python: secrets": "fresh",
    "python: hash": "the same",
}
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
