#!/bin/sh
# Where in its text a chunk stands: the recursive splitter of LangChain in Python and in JavaScript.
#
# Guess:   start_index is the place of the chunk, whatever the size of chunks is counted in; the lines that the JavaScript
#          splitter gives are the chunk's lines.
# Reality: in Python the place is right if sizes are counted in characters, the default. With a length function that
#          counts words or tokens, as a window of a model asks for, each chunk that overlaps the one before may get
#          start_index -1: the search for it begins at the end of the chunk before less the overlap, as if the overlap
#          were characters. text[-1:] is no error in Python. After a -1 the search begins near the start of the whole
#          text: where passages recur, the chunk of flat 8 is said to stand in flat 2. Without an overlap all are right.
#          In JavaScript all lines are right, for all of these.
# Seen with langchain-text-splitters 1.1.3, @langchain/textsplitters 1.0.2: the rows printed below.
# So:      a citation that opens the text at start_index shows nothing or another flat. Search for each chunk yourself,
#          after the start of the one before, and assert that text[start:start + len(chunk)] is the chunk. An index that
#          was made with a length function holds such places already: look for -1.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check langchain-text-splitters==1.1.3
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @langchain/textsplitters@1.0.2 @langchain/core@1.4.0
cat >split.mjs <<'JS'
import { readFileSync } from "node:fs";
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";

const { text, ways } = JSON.parse(readFileSync("ways.json", "utf8"));
const words = (part) => part.split(/\s+/).filter(Boolean).length;
const lines = text.split("\n");
const found = [];
for (const [chunkSize, chunkOverlap, unit] of ways) {
  const options = { chunkSize, chunkOverlap, ...(unit === "words" && { lengthFunction: words }) };
  const chunks = await new RecursiveCharacterTextSplitter(options).createDocuments([text]);
  const right = chunks.filter(({ pageContent, metadata: { loc } }) =>
    lines.slice(loc.lines.from - 1, loc.lines.to).join("\n") === pageContent);
  found.push(`${chunks.length} chunks, ${right.length} right`);
}
console.log(JSON.stringify(found));
JS
cat >check.py <<'PY'
import json, subprocess, sys
from langchain_text_splitters import RecursiveCharacterTextSplitter

RULES = [
    "Heating: the tenant reads the meters in the first week of every quarter.",
    "Cleaning: the tenant keeps the stairs clean and clears the snow in winter.",
    "Payment: within thirty days after the bill has been received.",
]
TEXT = "\n\n".join("\n\n".join([f"Flat {number}", *RULES]) for number in range(1, 9))
# Size, overlap and what they are counted in.
WAYS = [(200, 80, "characters"), (30, 0, "words"), (30, 12, "words"), (40, 14, "words")]

def flat(start):
    return TEXT[:start].count("Flat ")

def in_python(size, overlap, unit):
    counted = {"length_function": lambda part: len(part.split())} if unit == "words" else {}
    splitter = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=overlap, add_start_index=True, **counted)
    chunks, place, right, none, elsewhere = splitter.create_documents([TEXT]), -1, 0, 0, []
    for chunk in chunks:
        # Each chunk begins after the one before it does.
        place = TEXT.index(chunk.page_content, place + 1)
        start = chunk.metadata["start_index"]
        right += start == place
        none += start == -1
        if start not in (place, -1):
            elsewhere.append(f"flat {flat(place)} as flat {flat(start)}")
    return f"{len(chunks)} chunks, {right} right, {none} are -1" + "".join(", " + one for one in elsewhere)

json.dump({"text": TEXT, "ways": WAYS}, open("ways.json", "w"))
in_javascript = json.loads(subprocess.check_output(["node", "split.mjs"]))
seen = {}
for way, other in zip(WAYS, in_javascript):
    seen["%d, overlap %d, in %s" % way] = f"{in_python(*way)}; {other}"
expected = {
    "200, overlap 80, in characters": "23 chunks, 23 right, 0 are -1; 23 chunks, 23 right",
    "30, overlap 0, in words": "12 chunks, 12 right, 0 are -1; 12 chunks, 12 right",
    "30, overlap 12, in words": "15 chunks, 8 right, 6 are -1, flat 8 as flat 2; 15 chunks, 15 right",
    "40, overlap 14, in words": "12 chunks, 6 right, 6 are -1; 12 chunks, 12 right",
}
print("  size of chunks: Python; JavaScript")
for name, value in seen.items():
    print(f"  {name:32}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
