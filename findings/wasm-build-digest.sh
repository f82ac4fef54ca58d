#!/bin/sh
# Building the same tool twice, from Python and from JavaScript.
#
# Guess:   the same source, the same pinned toolchain and the same machine give the same component, bit for bit; a
#          program that only returns a constant surely does.
# Reality: each build has another digest, with both toolchains, even for that program, and most often another size
#          too. PYTHONHASHSEED=0 does not help, nor does --stub-wasi (tried by hand). Both tools run an
#          interpreter at build time and keep its memory, so whatever chance it used is kept with it.
# Seen with componentize-py 0.25.1 and componentize-qjs 0.4.5: the digests printed below (others on each run).
# So:      a digest tells which build a tool is, never which source. A registry that stores by digest keeps one more
#          18 MB layer for each rebuild, a cache of compiled code keyed by the component's hash misses after each,
#          and nobody can verify a published tool by building it. Build once and publish that very file; key a
#          test's cache by source and toolchain, not by the component.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check componentize-py==0.25.1
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts componentize-qjs@0.4.5
cat >one.wit <<'WIT'
package finding:one;

interface one {
  get: func() -> u32;
}

world tool {
  export one;
}
WIT
mkdir app
cat >app/app.py <<'PY'
from wit_world import exports

class One(exports.One):
    def get(self) -> int:
        return 1
PY
echo 'export const one = { get() { return 1; } };' >app.js

# build NAME COMMAND...: runs the command, which writes NAME.
build() {
    name=$1
    shift
    "$@" >build.log 2>&1 || { cat build.log; exit 1; }
    digest=$(python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()[:16])' "$name")
    echo "  $name  $digest  $(wc -c <"$name") bytes"
}
for number in 1 2; do
    build "javascript$number.wasm" node_modules/.bin/componentize-qjs --wit one.wit --js app.js -o "javascript$number.wasm"
    build "python$number.wasm" env PYTHONHASHSEED=0 \
        venv/bin/componentize-py -d one.wit -w tool componentize -p app app -o "python$number.wasm"
done
for language in javascript python; do
    if cmp -s "${language}1.wasm" "${language}2.wasm"; then
        echo "CHANGED: two builds of the $language tool are equal" >&2
        exit 1
    fi
done
echo "as found: no two builds are equal"
