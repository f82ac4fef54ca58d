#!/bin/sh
# What a component is given by its host: one component that hands each value back, called from JavaScript and Python.
#
# Guess:   a flag that is misspelt, a field that is missing, "ab" for a char, 1.5 for a u32 or a case that does not exist
#          is a TypeError in JavaScript, and likewise an error in Python. Nobody asked what the next call does.
# Reality: with jco a misspelt flag is left out and `deleteAll: "false"` sets it; an array or a Set of flags is no flag
#          at all. A record without its `dry-run`, or with it under its name in the WIT, means dry-run false, and
#          without its amount the amount is 0. The texts "abc" and "1,5" are the number 0, and so is null; an optional
#          number of "" is 0 and not none. Of the char "ab" the component sees a, of "" a NUL. But in a list of u8 300
#          is a TypeError, while a Uint16Array goes in by its bytes. With wasmtime in Python nearly all of these are
#          errors, but 300 as a u8 is 44 and -1 is 255 there too, and a flag or a case of an enum that does not exist is
#          an error after which no call works any more: not in this instance, nor in a new one of the same store.
# Seen with @bytecodealliance/jco 1.35.0 (npm), wasmtime 50.0.1 (PyPI): the rows printed below; "then" is whether the
#          next, right call is answered, in the same instance and in a new one of the store.
# So:      arguments that a model wrote must be checked against the WIT before jco sees them: what it lets through is
#          the most dangerous default, dry-run off and amount 0. In Python give each call its own store, or check names
#          of flags and cases first: one slip ends the tool for the rest of the session.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check wasmtime==50.0.1
echo '{"name": "host", "version": "1.0.0", "private": true, "type": "module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts @bytecodealliance/jco@1.35.0
cat >tool.wit <<'WIT'
package t:tool;
interface api {
  flags rights { read, write, delete-all }
  enum level { low, mid, high }
  record order { amount: u32, dry-run: bool, name: string }
  flags-of: func(v: rights) -> rights;
  level-of: func(v: level) -> level;
  order-of: func(v: order) -> order;
  letter: func(v: char) -> char;
  byte: func(v: u8) -> u8;
  count: func(v: u32) -> u32;
  perhaps: func(v: option<u32>) -> option<u32>;
  octets: func(v: list<u8>) -> list<u8>;
}
world tool { export api; }
WIT
cat >build.mjs <<'JS'
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { componentEmbed, componentNew, parse, transpile } from "@bytecodealliance/jco";

const same = (name) => `(func (export "t:tool/api#${name}") (param i32) (result i32) (local.get 0))`;
// Values that do not fit into one number are handed back in memory, each flat value in four bytes of its own.
const stored = (name, values, at) =>
  `(func (export "t:tool/api#${name}") (param ${"i32 ".repeat(values)}) (result i32)
    ${[...Array(values).keys()].map((value) => `(i32.store (i32.const ${at + 4 * value}) (local.get ${value}))`).join(" ")}
    (i32.const ${at}))`;
const core = `(module
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $place i32)
    (local.set $place (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
    (global.set $next (i32.add (local.get $place) (local.get 3)))
    (local.get $place))
  ${["flags-of", "level-of", "letter", "byte", "count"].map(same).join("\n")}
  ${stored("order-of", 4, 16)} ${stored("perhaps", 2, 48)} ${stored("octets", 2, 64)})`;
const embedded = await componentEmbed({
  binary: await parse(core), witSource: readFileSync("tool.wit", "utf8"), worldName: "tool",
});
const component = await componentNew(embedded, []);
writeFileSync("tool.wasm", component);
const { files } = await transpile(component, { name: "tool" });
for (const [name, bytes] of Array.isArray(files) ? files : Object.entries(files)) {
  mkdirSync(dirname(`out/${name}`), { recursive: true });
  writeFileSync(`out/${name}`, bytes);
}
JS
cat >call.mjs <<'JS'
import { api } from "./out/tool.js";

const order = { amount: 5, dryRun: true, name: "x" };
const { amount, ...withoutAmount } = order;
const { dryRun, ...withoutDryRun } = order;
const CALLS = [
  ["flagsOf", { read: true, wirte: true }], ["flagsOf", { deleteAll: "false" }], ["flagsOf", ["read"]],
  ["flagsOf", new Set(["read"])], ["levelOf", "High"],
  ["orderOf", order], ["orderOf", withoutDryRun], ["orderOf", { ...withoutDryRun, "dry-run": true }],
  ["orderOf", withoutAmount],
  ["letter", "ab"], ["letter", ""], ["byte", 300], ["byte", -1], ["count", "12"], ["count", "abc"], ["count", "1,5"],
  ["count", 1.9], ["count", null], ["perhaps", null], ["perhaps", ""], ["perhaps", "abc"],
  ["octets", [1, 300]], ["octets", new Uint16Array([1, 300])],
];
const plain = (value) =>
  value instanceof Set ? `Set ${[...value]}` : value?.buffer ? `${value.constructor.name} ${[...value]}` : JSON.stringify(value) ?? "none";
for (const [name, value] of CALLS) {
  let said;
  try {
    said = plain(api[name](value));
  } catch (error) {
    said = error.constructor.name;
  }
  console.log(`js ${name} ${plain(value)} -> ${said}`);
}
JS
cat >check.py <<'PY'
import subprocess, sys

import wasmtime
from wasmtime import component

engine = wasmtime.Engine()
tool = component.Component.from_file(engine, "tool.wasm")

def call(store, instance, name, value):
    try:
        api = instance.get_export_index(store, "t:tool/api")
        said = instance.get_func(store, instance.get_export_index(store, name, api))(store, value)
        return repr(vars(said) if isinstance(said, component.Record) else said)
    except Exception as error:
        return type(error).__name__

def order(**fields):
    made = component.Record()
    for name, value in fields.items():
        setattr(made, name, value)
    return made

CALLS = [
    ("flags-of", {"wirte"}), ("flags-of", ["read"]), ("level-of", "High"),
    ("order-of", order(**{"amount": 5, "dry-run": True, "name": "x"})), ("order-of", order(amount=5, name="x")),
    ("order-of", order(amount=5, dry_run=True, name="x")), ("letter", "ab"), ("byte", 300), ("byte", -1),
    ("count", "12"), ("count", 1.9), ("count", None), ("perhaps", None), ("perhaps", ""), ("octets", [1, 300]),
]
command = subprocess.run(["node", "call.mjs"], capture_output=True, text=True, check=True)
seen = dict(line.split(" -> ") for line in command.stdout.splitlines())
linker = component.Linker(engine)
for name, value in CALLS:
    store = wasmtime.Store(engine)
    instance = linker.instantiate(store, tool)
    said = call(store, instance, name, value)
    then = call(store, instance, "count", 7), call(store, linker.instantiate(store, tool), "count", 7)
    shown = vars(value) if isinstance(value, component.Record) else value if isinstance(value, set) else repr(value)
    seen[f"py {name} {shown}"] = f"{said}, then {then[0]}, {then[1]}"
expected = {
    'js flagsOf {"read":true,"wirte":true}': '{"read":true,"write":false,"deleteAll":false}',
    'js flagsOf {"deleteAll":"false"}': '{"read":false,"write":false,"deleteAll":true}',
    'js flagsOf ["read"]': '{"read":false,"write":false,"deleteAll":false}',
    "js flagsOf Set read": '{"read":false,"write":false,"deleteAll":false}',
    'js levelOf "High"': "TypeError",
    'js orderOf {"amount":5,"dryRun":true,"name":"x"}': '{"amount":5,"dryRun":true,"name":"x"}',
    'js orderOf {"amount":5,"name":"x"}': '{"amount":5,"dryRun":false,"name":"x"}',
    'js orderOf {"amount":5,"name":"x","dry-run":true}': '{"amount":5,"dryRun":false,"name":"x"}',
    'js orderOf {"dryRun":true,"name":"x"}': '{"amount":0,"dryRun":true,"name":"x"}',
    'js letter "ab"': '"a"',
    'js letter ""': '"\\u0000"',
    "js byte 300": "44",
    "js byte -1": "255",
    'js count "12"': "12",
    'js count "abc"': "0",
    'js count "1,5"': "0",
    "js count 1.9": "1",
    "js count null": "0",
    "js perhaps null": "none",
    'js perhaps ""': "0",
    'js perhaps "abc"': "0",
    "js octets [1,300]": "TypeError",
    "js octets Uint16Array 1,300": "Uint8Array 1,0,44,1",
    "py flags-of {'wirte'}": "WasmtimeError, then WasmtimeError, WasmtimeError",
    "py flags-of ['read']": "TypeError, then 7, 7",
    "py level-of 'High'": "WasmtimeError, then WasmtimeError, WasmtimeError",
    "py order-of {'amount': 5, 'dry-run': True, 'name': 'x'}": "{'amount': 5, 'dry-run': True, 'name': 'x'}, then 7, 7",
    "py order-of {'amount': 5, 'name': 'x'}": "AttributeError, then 7, 7",
    "py order-of {'amount': 5, 'dry_run': True, 'name': 'x'}": "AttributeError, then 7, 7",
    "py letter 'ab'": "TypeError, then 7, 7",
    "py byte 300": "44, then 7, 7",
    "py byte -1": "255, then 7, 7",
    "py count '12'": "TypeError, then 7, 7",
    "py count 1.9": "TypeError, then 7, 7",
    "py count None": "TypeError, then 7, 7",
    "py perhaps None": "None, then 7, 7",
    "py perhaps ''": "ValueError, then 7, 7",
    "py octets [1, 300]": "TypeError, then 7, 7",
}
for name, value in seen.items():
    print(f"  {name:60}{value}")
changed = [name for name in expected if seen.get(name) != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]}, is {seen.get(changed[0])}")
print("as found")
PY
node build.mjs
venv/bin/python check.py
