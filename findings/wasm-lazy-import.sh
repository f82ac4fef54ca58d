#!/bin/sh
# A module of Python's standard library that is there in a component, and the functions of it that are not.
#
# Guess:   a program that imports datetime, time and codecs has all of them in its component; what is missing is
#          missing at build time, with an error that names it.
# Reality: only what the interpreter imported while the program was set up exists at run time. C code imports some
#          modules when a function is first called: datetime.strptime and time.strptime need _strptime, an encoding
#          needs its own module. The build says nothing, strftime and fromisoformat work, and the call fails with
#          "No module named '_strptime'", which no source of the program mentions; an encoding that CPython has is
#          "unknown". Importing such modules by name at the top of the program, or one call of the function while
#          it is set up, puts them in.
# Seen with componentize-py 0.25.1, wasmtime 50.0.1.
# So:      a tool that parses dates passes its first tests when these run in ordinary Python, and fails when a model
#          first calls it. Call each such function once at module level, and test the component itself.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check componentize-py==0.25.1 wasmtime==50.0.1
cat >dates.wit <<'WIT'
package finding:dates;

interface dates {
  tried: func() -> string;
}

world tool {
  export dates;
}
WIT
mkdir plain named called
cat >plain/app.py <<'PY'
import codecs, datetime, json, time
from wit_world import exports

TRIED = {
    "strftime": lambda: datetime.date(2024, 1, 4).strftime("%d %B"),
    "fromisoformat": lambda: datetime.time.fromisoformat("14:35").hour,
    "datetime.strptime": lambda: datetime.datetime.strptime("14:35", "%H:%M").hour,
    "time.strptime": lambda: time.strptime("2024", "%Y").tm_year,
    "koi8-r": lambda: codecs.encode("да", "koi8-r").hex(),
}

class Dates(exports.Dates):
    def tried(self) -> str:
        said = {}
        for name, call in TRIED.items():
            try:
                said[name] = str(call())
            except Exception as error:
                said[name] = f"{type(error).__name__}: {error}"
        return json.dumps(said)
PY
{ echo "import _strptime, encodings.koi8_r"; cat plain/app.py; } >named/app.py
{ cat plain/app.py; echo 'for _call in TRIED.values(): _call()'; } >called/app.py
for kind in plain named called; do
	venv/bin/componentize-py -d dates.wit -w tool componentize -p $kind app -o $kind.wasm >build.log 2>&1 || { cat build.log; exit 1; }
done
cat >check.py <<'PY'
import json, sys
from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker

engine = Engine()
linker = Linker(engine)
linker.add_wasip2()

def tried(kind):
    store = Store(engine)
    store.set_wasi(WasiConfig())
    instance = linker.instantiate(store, Component.from_file(engine, kind + ".wasm"))
    interface = instance.get_export_index(store, "finding:dates/dates")
    return json.loads(instance.get_func(store, instance.get_export_index(store, "tried", interface))(store))

works = {"strftime": "04 January", "fromisoformat": "14", "datetime.strptime": "14", "time.strptime": "2024", "koi8-r": "c4c1"}
missing = "ModuleNotFoundError: No module named '_strptime'"
expected = {
    "plain": works | {"datetime.strptime": missing, "time.strptime": missing, "koi8-r": "LookupError: unknown encoding: koi8-r"},
    "named": works,
    "called": works,
}
for kind, want in expected.items():
    seen = tried(kind)
    for name in want:
        print(f"  {kind:8}{name:19}{seen[name]}")
        if seen[name] != want[name]:
            sys.exit(f"CHANGED: {kind}, {name}: was {want[name]!r}")
print("as found")
PY
venv/bin/python check.py
