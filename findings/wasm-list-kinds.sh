#!/bin/sh
# A list of numbers in a JavaScript component: one source, built by componentize-js and by componentize-qjs.
#
# Guess:   list<u32> of WIT is an array of numbers in both; map, sort and JSON.stringify do what they do in any
#          program. A u64 is a BigInt in both, alone and in a list.
# Reality: componentize-js hands over typed arrays. Their map() makes the same kind again: prices of list<u32> with
#          tax, 25 * 1.19, are 29 there and 29.75 in the other, map(value => `${value} euros`) is "0, 0, 0" (of floats
#          "NaN, NaN"), sort() orders by value and not as text, and JSON has {"0":100,...} for [100,...].
#          componentize-qjs does so for list<u8> alone. There a u64 is a plain number: 12345678901234567 is ...568, the
#          highest u64 is -1, and to return 7n is a trap, alone and in a list. In the other to return [7] is the trap,
#          and 7 alone is taken.
# Seen with @bytecodealliance/componentize-js 0.23.0, componentize-qjs 0.4.5, wasmtime 50.0.1: the rows printed below.
# So:      write [...values] before all else with each list, or Array.from(values, x => ...), and compare with (a, b)
#          => a - b. Pass ids as strings, not in list<u64>. A change of the engine, or of u32 to u8, changes results
#          without a word; so test a tool with a list of prices, not with one of texts.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check wasmtime==50.0.1
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @bytecodealliance/componentize-js@0.23.0 componentize-qjs@0.4.5
cat >kinds.wit <<'WIT'
package finding:kinds;

interface kinds {
  u8s: func(values: list<u8>, how: string) -> string;
  u32s: func(values: list<u32>, how: string) -> string;
  f64s: func(values: list<f64>, how: string) -> string;
  u64s: func(values: list<u64>, how: string) -> string;
  u64-alone: func(value: u64) -> string;
  u64-seven: func(how: string) -> u64;
  u64-sevens: func(how: string) -> list<u64>;
}

world tool {
  export kinds;
}
WIT
cat >app.js <<'JS'
const hows = {
  kind: (values) => values.constructor.name,
  tax: (values) => values.map((value) => Number(value) * 1.19).join(" "),
  words: (values) => values.map((value) => `${value} euros`).join(", "),
  sort: (values) => values.sort().join(" "),
  json: (values) => JSON.stringify(values),
  text: (values) => `${values}`,
};
const shown = (values, how) => hows[how](values);
export const kinds = {
  u8s: shown,
  u32s: shown,
  f64s: shown,
  u64s: shown,
  u64Alone: (value) => `${typeof value} ${value}`,
  u64Seven: (how) => (how === "7n" ? 7n : 7),
  u64Sevens: (how) => (how === "7n" ? [7n] : [7]),
};
JS
cat >build.mjs <<'JS'
import fs from "fs";
import { componentize } from "@bytecodealliance/componentize-js";

const options = { sourcePath: "app.js", witPath: "kinds.wit", worldName: "tool", disableFeatures: ["http", "fetch-event"] };
fs.writeFileSync("js.wasm", (await componentize(options)).component);
JS
node build.mjs >build.log 2>&1 || { cat build.log; exit 1; }
node_modules/.bin/componentize-qjs --wit kinds.wit --js app.js -o qjs.wasm >build.log 2>&1 || { cat build.log; exit 1; }
cat >check.py <<'PY'
import sys
from wasmtime import Engine, Store, WasiConfig, WasmtimeError
from wasmtime.component import Component, Linker

PRICES, IDS = [100, 25, 9], [1, 12345678901234567, 2**64 - 1]
OBJECT = '{"0":100,"1":25,"2":9}'
# Function, its arguments, and the results in componentize-js and componentize-qjs.
CASES = [
    ("u8s", (bytes(PRICES), "kind"), "Uint8Array", "Uint8Array"),
    ("u8s", (bytes(PRICES), "tax"), "119 29 10", "119 29 10"),
    ("u8s", (bytes(PRICES), "json"), OBJECT, OBJECT),
    ("u32s", (PRICES, "kind"), "Uint32Array", "Array"),
    ("u32s", (PRICES, "tax"), "119 29 10", "119 29.75 10.709999999999999"),
    ("u32s", (PRICES, "words"), "0, 0, 0", "100 euros, 25 euros, 9 euros"),
    ("u32s", (PRICES, "sort"), "9 25 100", "100 25 9"),
    ("u32s", (PRICES, "json"), OBJECT, "[100,25,9]"),
    ("f64s", ([2.5, 10.0], "kind"), "Float64Array", "Array"),
    ("f64s", ([2.5, 10.0], "words"), "NaN, NaN", "2.5 euros, 10 euros"),
    ("f64s", ([2.5, 10.0], "sort"), "2.5 10", "10 2.5"),
    ("u64s", (IDS, "kind"), "BigUint64Array", "Array"),
    ("u64s", (IDS, "text"), "1,12345678901234567,18446744073709551615", "1,12345678901234568,-1"),
    ("u64-alone", (IDS[1],), "bigint 12345678901234567", "number 12345678901234568"),
    ("u64-seven", ("7n",), "7", "trap"),
    ("u64-seven", ("7",), "7", "7"),
    ("u64-sevens", ("7n",), "[7]", "trap"),
    ("u64-sevens", ("7",), "trap", "[7]"),
]
engine = Engine()
linker = Linker(engine)
linker.add_wasip2()

def call(component, function, arguments):
    store = Store(engine)
    store.set_wasi(WasiConfig())
    instance = linker.instantiate(store, component)
    interface = instance.get_export_index(store, "finding:kinds/kinds")
    try:
        return str(instance.get_func(store, instance.get_export_index(store, function, interface))(store, *arguments))
    except WasmtimeError:
        return "trap"

components = [Component.from_file(engine, name) for name in ("js.wasm", "qjs.wasm")]
changed = []
print(f"  {'':17}{'componentize-js':42}componentize-qjs")
for function, arguments, *expected in CASES:
    seen = [call(component, function, arguments) for component in components]
    name = " ".join([function, *(one for one in arguments if isinstance(one, str))])
    print(f"  {name:17}{seen[0]:42}{seen[1]}")
    if seen != expected:
        changed.append(f"{name}: was {expected}, is {seen}")
if changed:
    sys.exit("CHANGED: " + "\n         ".join(changed))
print("as found")
PY
venv/bin/python check.py
