#!/bin/sh
# A tool's function that promises a small number and returns another one: JavaScript and Python components.
#
# Guess:   a value that does not fit its type in WIT is an error in both; or JavaScript wraps it as its typed arrays
#          do, modulo 256 for a u8.
# Reality: JavaScript: no error for any number, and two rules in one conversion. For a u8, 300 becomes 44 and -1 becomes
#          255 (wrapped), but 2^40 becomes 255 as well (in a typed array: 0), since the number is first held at the ends
#          of a wider type. 1.5 becomes 1, NaN becomes 0; a time in milliseconds as s32 is always 2147483647.
#          The same toolchain traps where a bool is given a number or a text.
#          Python: each of these numbers traps, 1.5 too. But a bool takes anything: the text "no" is true.
# Seen with componentize-qjs 0.4.5, componentize-py 0.25.1, wasmtime 50.0.1: the rows printed below.
# So:      a host cannot see that a number was bent: 0 may have been NaN. For tools use s64 or f64 and check the range
#          inside of the tool; return a bool only from a comparison. A test of a WIT interface in one language says
#          nothing about its errors in the other.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check componentize-py==0.25.1 wasmtime==50.0.1
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts componentize-qjs@0.4.5
cat >ranges.wit <<'WIT'
package finding:ranges;

interface ranges {
  small: func(which: u32) -> u8;
  whole: func(which: u32) -> s32;
  truth: func(which: u32) -> bool;
}

world tool {
  export ranges;
}
WIT
mkdir python
cat >python/app.py <<'PY'
from wit_world import exports

VALUES = [300, -1, 2**40, 1.5, float("nan"), 1704326400000, "no"]

class Ranges(exports.Ranges):
    def small(self, which: int) -> int:
        return VALUES[which]

    def whole(self, which: int) -> int:
        return VALUES[which]

    def truth(self, which: int) -> bool:
        return VALUES[which]
PY
cat >app.js <<'JS'
const values = [300, -1, 2 ** 40, 1.5, NaN, 1704326400000, "no"];
const pick = (which) => values[which];
export const ranges = { small: pick, whole: pick, truth: pick };
JS
node_modules/.bin/componentize-qjs --wit ranges.wit --js app.js -o javascript.wasm >build.log 2>&1 || { cat build.log; exit 1; }
venv/bin/componentize-py -d ranges.wit -w tool componentize -p python app -o python.wasm >build.log 2>&1 || { cat build.log; exit 1; }
cat >check.py <<'PY'
import sys
from wasmtime import Engine, Store, Trap, WasiConfig, WasmtimeError
from wasmtime.component import Component, Linker

NAMES = ["300", "-1", "2^40", "1.5", "NaN", "milliseconds", '"no"']
engine = Engine()
linker = Linker(engine)
linker.add_wasip2()

def call(component, function, which):
    store = Store(engine)
    store.set_wasi(WasiConfig())
    instance = linker.instantiate(store, component)
    interface = instance.get_export_index(store, "finding:ranges/ranges")
    try:
        return str(instance.get_func(store, instance.get_export_index(store, function, interface))(store, which))
    except (Trap, WasmtimeError):
        return "trap"

seen = {}
for language in ("javascript", "python"):
    component = Component.from_file(engine, language + ".wasm")
    for function, kind in (("small", "u8"), ("whole", "s32"), ("truth", "bool")):
        seen[f"{language} {kind}"] = " ".join(call(component, function, which) for which in range(len(NAMES)))
expected = {
    "javascript u8": "44 255 255 1 0 255 trap",
    "javascript s32": "300 -1 2147483647 1 0 2147483647 trap",
    "javascript bool": "trap trap trap trap trap trap trap",
    "python u8": "trap trap trap trap trap trap trap",
    "python s32": "300 -1 trap trap trap trap trap",
    "python bool": "True True True True True True True",
}
print("returned:", " ".join(NAMES))
for name, value in seen.items():
    print(f"  {name:17}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
