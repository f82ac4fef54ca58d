#!/bin/sh
# A note's front matter, after an assistant ticked one field of it: what three libraries write, and what the next reads.
#
# Guess:   where one field is changed and the note is written back, the others mean what they meant: a time 12:30, a
#          day, version 1.10, a telephone number, a link [[Home]]. The quotes were tried after the first rows were seen.
# Reality: the writers quote for their own reading alone. The package `yaml` (YAML 1.2) takes the quotes away from
#          "12:30", "16:9", "no", "1_000" and "2026-05-04", and python-frontmatter then reads 750, 969, false, 1000
#          and a date. python-frontmatter takes them away from "0999", "0o17" and "12e4567", gray-matter from the first
#          two (both YAML 1.1), and `yaml` then reads 999, 15 and Infinity; the commit is Infinity in gray-matter too.
#          Without quotes the writer changes fields that nobody asked it to: at: 12:30 is written 750, the telephone
#          number 0123456 is 42798 or 123456, the wiki link [[Home]] two list marks; gray-matter gives a day a time.
# Seen with python-frontmatter 1.3.0 (PyYAML 6.0.4), gray-matter 4.0.3, yaml 2.9.1 (npm): the rows printed below.
# So:      never write front matter back from what was read: change the one line of the one field as text. yaml's
#          parseDocument keeps quotes, but a plain 0123456 is 123456 there too. A test note needs a quoted time, a
#          quoted no and a quoted 0999, read by the other language's library after one change.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check python-frontmatter==1.3.0 PyYAML==6.0.4
echo '{"name": "note", "version": "1.0.0", "private": true, "type": "module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts gray-matter@4.0.3 yaml@2.9.1
cat >note.mjs <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import matter from "gray-matter";
import { parse, parseDocument, stringify } from "yaml";

const [action, from, to] = process.argv.slice(2);
const text = readFileSync(from, "utf8");
const yaml = text.split("---\n")[1];
const ticked = (fields) => ({ ...fields, done: true });
const shown = (value) => (typeof value === "number" ? String(value) : JSON.stringify(value));
const read = (fields) => console.log(JSON.stringify(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shown(value)]))));
const ACTIONS = {
  "gray-matter": () => {
    const note = matter(text);
    writeFileSync(to, matter.stringify(note.content, ticked(note.data)));
  },
  yaml: () => writeFileSync(to, `---\n${stringify(ticked(parse(yaml)))}---\nBody\n`),
  "yaml, document": () => {
    const document = parseDocument(yaml);
    document.set("done", true);
    writeFileSync(to, `---\n${document}---\nBody\n`);
  },
  "read yaml": () => read(parse(yaml)),
  "read gray-matter": () => read(matter(text).data),
};
ACTIONS[action]();
JS
cat >check.py <<'PY'
import datetime, json, pathlib, subprocess, sys

import frontmatter

QUOTED = ["12:30", "16:9", "1:30:00", "no", "0123456", "0999", "0o17", "12e4567", "1_000", "2026-05-04"]
PLAIN = ["12:30", "16:9", "2026-05-04", "1.10", "0123456", "12345678901234567890", "[[Home]]"]

def node(*command):
    return subprocess.run(["node", "note.mjs", *command], capture_output=True, text=True, check=True).stdout

def ticked_in_python(source, target):
    note = frontmatter.load(source)
    note["done"] = True
    pathlib.Path(target).write_text(frontmatter.dumps(note))

def read_in_python(path):
    def shown(value):
        return f"the date {value}" if isinstance(value, datetime.date) else json.dumps(value)
    return {name: shown(value) for name, value in frontmatter.load(path).metadata.items()}

WRITERS = {
    "python-frontmatter": ticked_in_python,
    "gray-matter": lambda source, target: node("gray-matter", source, target),
    "yaml": lambda source, target: node("yaml", source, target),
    "yaml, document": lambda source, target: node("yaml, document", source, target),
}
READERS = {
    "python-frontmatter": read_in_python,
    "gray-matter": lambda path: json.loads(node("read gray-matter", path)),
    "yaml": lambda path: json.loads(node("read yaml", path)),
}
def note(path, values):
    fields = "".join(f"f{number}: {value}\n" for number, value in enumerate(values))
    pathlib.Path(path).write_text(f"---\n{fields}done: false\n---\nBody\n")

seen = {}
note("quoted.md", [f'"{value}"' for value in QUOTED])
for writer, write in WRITERS.items():
    write("quoted.md", "written.md")
    for reader, read in READERS.items():
        fields = read("written.md")
        wrong = [f"{value} is {fields[f'f{number}']}" for number, value in enumerate(QUOTED) if fields[f"f{number}"] != json.dumps(value)]
        seen[f"quoted, written by {writer}, read by {reader}"] = ", ".join(wrong) or "as it was"
note("plain.md", PLAIN)
for writer, write in WRITERS.items():
    write("plain.md", "written.md")
    lines = pathlib.Path("written.md").read_text().split("---\n")[1].splitlines()
    fields = [" ".join(lines[lines.index(line):][:2]) if line.endswith(":") else line
              for line in sorted(lines) if line.startswith("f")]
    wrong = [f"{value} is {line.split(': ', 1)[1].strip()}" for value, line in zip(PLAIN, fields) if line.split(": ", 1)[1].strip() != value]
    seen[f"plain, written by {writer}"] = ", ".join(wrong) or "as it was"
expected = {
    "quoted, written by python-frontmatter, read by python-frontmatter":
        "as it was",
    "quoted, written by python-frontmatter, read by gray-matter":
        "12e4567 is Infinity",
    "quoted, written by python-frontmatter, read by yaml":
        "0999 is 999, 0o17 is 15, 12e4567 is Infinity",
    "quoted, written by gray-matter, read by python-frontmatter":
        "as it was",
    "quoted, written by gray-matter, read by gray-matter":
        "as it was",
    "quoted, written by gray-matter, read by yaml":
        "0999 is 999, 0o17 is 15",
    "quoted, written by yaml, read by python-frontmatter":
        "12:30 is 750, 16:9 is 969, 1:30:00 is 5400, "
        "no is false, 1_000 is 1000, 2026-05-04 is the date 2026-05-04",
    "quoted, written by yaml, read by gray-matter":
        '12:30 is 750, 16:9 is 969, 1:30:00 is 5400, 1_000 is 1000, 2026-05-04 is "2026-05-04T00:00:00.000Z"',
    "quoted, written by yaml, read by yaml":
        "as it was",
    "quoted, written by yaml, document, read by python-frontmatter":
        "as it was",
    "quoted, written by yaml, document, read by gray-matter":
        "as it was",
    "quoted, written by yaml, document, read by yaml":
        "as it was",
    "plain, written by python-frontmatter":
        "12:30 is 750, 16:9 is 969, 1.10 is 1.1, 0123456 is 42798, [[Home]] is - - Home",
    "plain, written by gray-matter":
        "12:30 is 750, 16:9 is 969, 2026-05-04 is 2026-05-04T00:00:00.000Z, "
        "1.10 is 1.1, 0123456 is 42798, 12345678901234567890 is 12345678901234567000, [[Home]] is - - Home",
    "plain, written by yaml":
        "1.10 is 1.1, 0123456 is 123456, 12345678901234567890 is 12345678901234567000, [[Home]] is - - Home",
    "plain, written by yaml, document":
        "0123456 is 123456, 12345678901234567890 is 12345678901234567000, [[Home]] is [ [ Home ] ]",
}
for name, value in seen.items():
    print(f"  {name}\n    {value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
