#!/bin/sh
# How an error of a component reaches its host: result<T, E> of WIT, made in Python and JavaScript, called from Python.
#
# Guess:   the err of a result is raised in the host, as it is thrown in JavaScript hosts; or each result comes as one kind
#          of object, with a tag. In a component, an exception that is no declared error is a trap, in both languages.
# Reality: wasmtime for Python gives a result in three shapes, by its two types. Where the host's types differ there is no
#          tag and nothing is raised: result<u32, string> gives 7 or the text "no such file", result<list<string>, string>
#          a list or a text, result<u32, problem> 7 or "missing". result<_, string> gives None if all went well and the
#          text if not; result<u32> 7, or None if not. Where they are alike (result<string, string>,
#          result<option<string>, string>, result) it is a Variant with a tag, and an object is always true.
#          In a component: Python's "return Err(...)" instead of raise is a trap, but where there is nothing to return it
#          is a success. A bug of JavaScript (undefined.x) is an err with the engine's message, where the error is a text;
#          where it is an enum, or there is none, it is a trap. An Error thrown and one returned differ likewise.
# Seen with componentize-py 0.25.1, componentize-qjs 0.4.5, wasmtime 50.0.1: the rows printed below.
# So:      "no such file" is handed on as the text of a file, or each of its letters as an item of a list, and "if result"
#          is true for an err. Give every function one record as its type of error and let the host test for that record,
#          in one place; test each function's err through the real host. Adding a type later changes the shape.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check componentize-py==0.25.1 wasmtime==50.0.1
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts componentize-qjs@0.4.5
cat >results.wit <<'WIT'
package finding:results;

interface results {
  enum problem { missing, busy }

  number: func(how: string) -> result<u32, string>;
  texts: func(how: string) -> result<list<string>, string>;
  number-problem: func(how: string) -> result<u32, problem>;
  nothing: func(how: string) -> result<_, string>;
  number-only: func(how: string) -> result<u32>;
  text: func(how: string) -> result<string, string>;
  maybe-text: func(how: string) -> result<option<string>, string>;
  bare: func(how: string) -> result;
}

world tool {
  export results;
}
WIT
mkdir python
cat >python/app.py <<'PY'
from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import results

def answer(how, well, error="no such file"):
    if how == "well":
        return well
    if how == "raise":
        raise Err(error)
    if how == "return":
        return Err(error)
    raise ValueError("a bug")

class Results(exports.Results):
    def number(self, how: str) -> int:
        return answer(how, 7)

    def texts(self, how: str) -> list[str]:
        return answer(how, ["seven"])

    def number_problem(self, how: str) -> int:
        return answer(how, 7, results.Problem.MISSING)

    def nothing(self, how: str) -> None:
        return answer(how, None)

    def number_only(self, how: str) -> int:
        return answer(how, 7, None)

    def text(self, how: str) -> str:
        return answer(how, "seven")

    def maybe_text(self, how: str) -> str | None:
        return answer(how, "seven")

    def bare(self, how: str) -> None:
        return answer(how, None, None)
PY
cat >app.js <<'JS'
const answer = (well, error) => (how) => {
  if (how === "well") return well;
  if (how === "raise") throw error;
  if (how === "return") return new Error(error);
  return undefined.x;
};
const text = "no such file";
export const results = {
  number: answer(7, text),
  texts: answer(["seven"], text),
  numberProblem: answer(7, "missing"),
  nothing: answer(undefined, text),
  numberOnly: answer(7, undefined),
  text: answer("seven", text),
  maybeText: answer("seven", text),
  bare: answer(undefined, undefined),
};
JS
node_modules/.bin/componentize-qjs --wit results.wit --js app.js -o javascript.wasm >build.log 2>&1 || { cat build.log; exit 1; }
venv/bin/componentize-py -d results.wit -w tool componentize -p python app -o python.wasm >build.log 2>&1 || { cat build.log; exit 1; }
cat >check.py <<'PY'
import sys
from wasmtime import Engine, Store, Trap, WasiConfig, WasmtimeError
from wasmtime.component import Component, Linker, Variant

# Function -> its type, and per language what the host gets for: well, an error raised, one returned, a bug.
EXPECTED = {
    "number": ("u32, string", "7 | 'no such file' | trap | trap", "7 | 'no such file' | trap | 'MESSAGE'"),
    "texts": (
        "list<string>, string",
        "['seven'] | 'no such file' | trap | trap",
        "['seven'] | 'no such file' | trap | 'MESSAGE'",
    ),
    "number-problem": ("u32, problem", "7 | 'missing' | trap | trap", "7 | 'missing' | trap | trap"),
    "nothing": ("_, string", "None | 'no such file' | None | trap", "None | 'no such file' | None | 'MESSAGE'"),
    "number-only": ("u32", "7 | None | trap | trap", "7 | None | trap | trap"),
    "text": (
        "string, string",
        "ok 'seven' | err 'no such file' | trap | trap",
        "ok 'seven' | err 'no such file' | trap | err 'MESSAGE'",
    ),
    "maybe-text": (
        "option<string>, string",
        "ok 'seven' | err 'no such file' | trap | trap",
        "ok 'seven' | err 'no such file' | trap | err 'MESSAGE'",
    ),
    "bare": ("", "ok None | err None | ok None | trap", "ok None | err None | ok None | trap"),
}
engine = Engine()
linker = Linker(engine)
linker.add_wasip2()

def call(component, function, how):
    store = Store(engine)
    store.set_wasi(WasiConfig())
    instance = linker.instantiate(store, component)
    interface = instance.get_export_index(store, "finding:results/results")
    try:
        value = instance.get_func(store, instance.get_export_index(store, function, interface))(store, how)
    except (Trap, WasmtimeError):
        return "trap"
    shown = f"{value.tag} {value.payload!r}" if isinstance(value, Variant) else repr(value)
    return shown.replace('"cannot read property \'x\' of undefined"', "'MESSAGE'")

changed = []
print("the host gets: well | an error raised | an error returned | a bug; MESSAGE is the engine's own")
for at, language in enumerate(("python", "javascript"), 1):
    component = Component.from_file(engine, language + ".wasm")
    print(f" {language}")
    for function, row in EXPECTED.items():
        value = " | ".join(call(component, function, how) for how in ("well", "raise", "return", "bug"))
        name = f"result<{row[0]}>" if row[0] else "result"
        print(f"  {name:32}{value}")
        if value != row[at]:
            changed.append(f"{language} {name}: was {row[at]}, is {value}")
if changed:
    sys.exit(f"CHANGED: {changed[0]}")
print("as found")
PY
venv/bin/python check.py
