#!/bin/sh
# Looking for a number of an invoice in a page's own search: FlexSearch and MiniSearch, both as they come.
#
# Guess:   a number is a word. Invoice 1001 is found by 1001 and by no other number; at worst 100 finds it too, as a
#          prefix. An exact match comes first.
# Reality: FlexSearch collapses doubled letters of each word, digits too, after it has cut numbers into groups of three:
#          1001 and 1101 are both "10" "1", 1000 and 1100 both "10" "0", 100 and 10 both "10". 1, 11 and 111 are one
#          word, and 225 is 25. So 100 finds five of six invoices, those with more digits too, in the order in which
#          they were added: invoice 100 itself comes last. 11:30 finds 1:30, and puts it first.
#          No preset of the package (memory, performance, match, score) changes it, nor do its Latin character sets
#          but the exact ones. Words suffer less: "boss" finds "bos".
#          MiniSearch splits 1.1 and 11:30 too, but puts the right one first, and of whole numbers finds it alone.
# Seen with flexsearch 0.8.212, minisearch 7.2.0: the rows printed below.
# So:      an assistant that is given the first hit reads another customer's invoice, without a sign. Make the index with
#          new Encoder({ numeric: false, dedupe: false }), as the third column does, and compare the number that was
#          asked for with the text of the hit.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts flexsearch@0.8.212 minisearch@7.2.0
cat >check.mjs <<'JS'
import FlexSearch from "flexsearch";
import MiniSearch from "minisearch";

// What is asked for, in which numbers.
const INVOICES = ["1001", "1101", "1011", "1000", "1100", "100"];
const CASES = [
  ...INVOICES.map((number) => [number, INVOICES]),
  ["11", ["1", "111", "11"]],
  ["225", ["25", "2255", "225"]],
  ["11:30", ["1:30", "11:30"]],
  ["1.1", ["1.10", "1.11", "1.1"]],
];

function byFlexSearch(question, numbers, options) {
  const index = new FlexSearch.Index(options);
  numbers.forEach((number, at) => index.add(at, `number ${number} is open`));
  return index.search(question).map((at) => numbers[at]);
}
function byMiniSearch(question, numbers) {
  const index = new MiniSearch({ fields: ["text"] });
  numbers.forEach((number, id) => index.add({ id, text: `number ${number} is open` }));
  return index.search(question).map(({ id }) => numbers[id]);
}
const asWritten = () => ({ encoder: new FlexSearch.Encoder({ numeric: false, dedupe: false }) });

console.log("  asked for: FlexSearch; MiniSearch; FlexSearch without numeric and dedupe");
const seen = CASES.map(([question, numbers]) => [
  byFlexSearch(question, numbers), byMiniSearch(question, numbers), byFlexSearch(question, numbers, asWritten()),
].map((found) => found.join(" ") || "nothing").join("; "));
const expected = [
  "1001 1101; 1001; 1001",
  "1001 1101; 1101; 1101",
  "1011; 1011; 1011",
  "1000 1100; 1000; 1000",
  "1000 1100; 1100; 1100",
  "1001 1101 1000 1100 100; 100; 100",
  "1 111 11; 11; 11",
  "25 2255 225; 225; 225",
  "1:30 11:30; 11:30 1:30; 11:30",
  "1.10 1.11 1.1; 1.1 1.10 1.11; 1.10 1.11 1.1",
];
seen.forEach((found, at) => console.log(`  ${CASES[at][0].padEnd(6)}${found}`));
const changed = seen.findIndex((found, at) => found !== expected[at]);
if (changed >= 0) {
  console.error(`CHANGED: ${CASES[changed][0]}: was ${expected[changed]}, is ${seen[changed]}`);
  process.exitCode = 1;
} else {
  console.log("as found");
}
JS
node check.mjs
