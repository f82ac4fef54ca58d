#!/bin/sh
# `is iterable` and `is sequence`, which chat templates ask of tools and contents, in three Jinja engines.
#
# Guess:   these tests mean the same everywhere: nothing and numbers are not iterable, a text and a list are both
#          iterable and sequences, an object is iterable.
# Reality: minijinja says that none is iterable (Jinja2 and @huggingface/jinja: it is not), and that neither a text
#          nor an object is a sequence (the others: both are). @huggingface/jinja says that an object is not iterable.
#          The guard `tools is iterable and tools | length > 0`, as newer templates write it for a chat that may
#          have no tools, is false in Jinja2, and in minijinja lets none through to `length`, which is an error.
# Seen with jinja2 3.1.6, minijinja 3.1.0, @huggingface/jinja 0.5.11: the table that this prints.
# So:      a port that runs a template on a chat with tools may refuse it on a chat without. Leave `tools` undefined
#          instead of none where the template allows that, or give the engine tests of its own under these names.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check jinja2==3.1.6 minijinja==3.1.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/jinja@0.5.11
cat >lines.json <<'JSON'
["{{ none is iterable }}", "{{ {} is iterable }}", "{{ 'a' is sequence }}", "{{ {} is sequence }}",
 "{{ tools is iterable and tools | length > 0 }}"]
JSON
cat >hf.mjs <<'JS'
import { Template } from "@huggingface/jinja";
import fs from "node:fs";
const shown = JSON.parse(fs.readFileSync("lines.json", "utf8")).map((line) => {
  try {
    return new Template(line).render({ tools: null });
  } catch {
    return "error";
  }
});
fs.writeFileSync("hf.json", JSON.stringify(shown));
JS
node hf.mjs
cat >check.py <<'PY'
import json, sys
import jinja2, minijinja

lines = json.load(open("lines.json"))

def shown(render):
    try:
        return render().lower()
    except Exception:
        return "error"

engines = {
    "jinja2": lambda line: jinja2.Environment().from_string(line).render(tools=None),
    "minijinja": lambda line: minijinja.Environment(pycompat=True).render_str(line, tools=None),
}
seen = {name: [shown(lambda: render(line)) for line in lines] for name, render in engines.items()}
seen["@huggingface/jinja"] = json.load(open("hf.json"))
for at, line in enumerate(lines):
    print(f"  {line:50}" + "".join(f"{name} {values[at]:7}" for name, values in seen.items()))
expected = {
    "jinja2": ["false", "true", "true", "true", "false"],
    "minijinja": ["true", "true", "false", "false", "error"],
    "@huggingface/jinja": ["false", "false", "true", "true", "false"],
}
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
