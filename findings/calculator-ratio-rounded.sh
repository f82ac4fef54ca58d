#!/bin/sh
# How many pieces of 30 cm are in 5 m, by a calculator that knows units and is given to models as a tool.
#
# Guess:   a ratio of two lengths is a number, so it is rounded like any other: 16 whole pieces, and 17 cuts
#          of rope to cover it. Where the units are the same it makes no difference how they are written.
# Reality: fend shows the ratio as 16.67, but floor, ceil and round take it before its units cancel: 5 by 30 in
#          metres by a centimetre is 0.17, which becomes 0 or 1, and that times 100. So floor says 0 and ceil 100.
#          90 minutes by an hour stay 1.5 when rounded up, since 90 is whole; 5 m by 0.3 m are right. Nothing is
#          reported. With `to 1` before it is rounded each value is right.
# Seen with fend-wasm 1.5.8 on Node.js 20: the rows printed below.
# So:      a tool that hands this on to a model turns each rounded ratio into a number first ("(A / B) to 1"), and
#          tests "how many fit" with two units of one kind. Users of other calculators with units: try this sum.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts fend-wasm@1.5.8
cat >check.mjs <<'JS'
import fs from "node:fs";
import * as glue from "./node_modules/fend-wasm/fend_wasm_bg.js";

const bytes = fs.readFileSync("node_modules/fend-wasm/fend_wasm_bg.wasm");
const { instance } = await WebAssembly.instantiate(bytes, { "./fend_wasm_bg.js": glue });
glue.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start?.();

const expected = {
  "(5 m) / (30 cm)": "approx. 16.6666666667",
  "floor((5 m) / (30 cm))": "0",
  "ceil((5 m) / (30 cm))": "100",
  "round((5 m) / (30 cm))": "0",
  "floor((5 m) / (0.3 m))": "16",
  "floor(((5 m) / (30 cm)) to 1)": "16",
  "ceil(((5 m) / (30 cm)) to 1)": "17",
  "(90 minutes) / (1 hour)": "1.5",
  "ceil((90 minutes) / (1 hour))": "1.5",
  "ceil(((90 minutes) / (1 hour)) to 1)": "2",
};
const seen = Object.keys(expected).map((sum) => [sum, glue.evaluateFendWithTimeout(sum, 1000)]);
for (const [sum, value] of seen) console.log(`  ${sum.padEnd(40)}${value}`);
const changed = seen.find(([sum, value]) => value !== expected[sum]);
if (changed) {
  console.error(`CHANGED: ${changed[0]}: was ${expected[changed[0]]}, is ${changed[1]}`);
  process.exit(1);
}
console.log("as found");
JS
node --no-warnings check.mjs
