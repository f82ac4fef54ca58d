#!/bin/sh
# One SKILL.md in four readers of its front matter, one of them the reference library of Agent Skills.
#
# Guess:   front matter ends at a line of three dashes, so all four read an ordinary skill alike. The reference library
#          differs only in being stricter about YAML: it refuses [Read, Grep].
# Reality: the reference library ends front matter at the next three dashes anywhere. The description "Fills in forms ---
#          also old ones." is "Fills in forms" for it. The rest of the line becomes the start of the instructions,
#          and so do all fields after it, such as the license. No error. The rule of a table in a description of several
#          lines does the same. The other three read all of it.
#          An empty line before the front matter is an error for it, nothing to python-frontmatter, and makes the
#          file a page without any front matter for gray-matter and front-matter, without an error. Blanks after the
#          first three dashes do the same in front-matter alone.
# Seen with skills-ref 0.1.1, python-frontmatter 1.3.0, gray-matter 4.0.3, front-matter 4.0.2: the rows printed below.
# So:      a skill with half a description is chosen for other tasks than its author meant, and nobody is told. Authors:
#          no three dashes in a description, and the description last. A loader: front matter ends at a line of three
#          dashes and blanks; show the fields that were read; call a file without any field an error.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check skills-ref==0.1.1 python-frontmatter==1.3.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts gray-matter@4.0.3 front-matter@4.0.2
cat >read.js <<'JS'
const grayMatter = require("gray-matter");
const frontMatter = require("front-matter");
const readers = [
  (text) => ((page) => [page.data, page.content])(grayMatter(text, {})),
  (text) => ((page) => [page.attributes, page.body])(frontMatter(text)),
];
console.log(JSON.stringify(JSON.parse(process.argv[2]).map((text) => readers.map((read) => read(text)))));
JS
cat >check.py <<'PY'
import json, subprocess, sys
import frontmatter
from skills_ref.parser import ParseError, parse_frontmatter

def skill(description="Fills in forms.", before="", opening="---"):
    return f"{before}{opening}\nname: forms\ndescription: {description}\nlicense: MIT\n---\nSteps.\n"

SKILLS = {
    "plain": skill(),
    "dashes in a description": skill("Fills in forms --- also old ones."),
    "a table in a description": skill("|\n  Reads tables:\n  a | b\n  ---|---\n  1 | 2"),
    "an empty line before": skill(before="\n"),
    "blanks after the opening": skill(opening="---  "),
}

def by_reference(text):
    try:
        return parse_frontmatter(text)
    except ParseError:
        return None

def by_python(text):
    page = frontmatter.loads(text)
    return page.metadata, page.content

def told(result):
    """The description, whether the license was read, and the first line of the instructions."""
    if result is None:
        return "error"
    fields, text = result
    license = "license" if "license" in fields else "no license"
    return f"{fields.get('description', '')!r}, {license}, text: {text.strip().splitlines()[0].strip()}"

node = subprocess.run(["node", "read.js", json.dumps(list(SKILLS.values()))], check=True, capture_output=True, text=True)
seen = {}
for (name, text), (gray, front) in zip(SKILLS.items(), json.loads(node.stdout)):
    results = (by_reference(text), by_python(text), gray, front)
    for reader, result in zip(("skills-ref", "python-frontmatter", "gray-matter", "front-matter"), results):
        seen[f"{name}: {reader}"] = told(result)
whole, bare = "'Fills in forms.', license, text: Steps.", "'', no license, text: ---"
dashes = "'Fills in forms --- also old ones.', license, text: Steps."
table = r"'Reads tables:\na | b\n---|---\n1 | 2\n', license, text: Steps."
expected = dict(zip(seen, [
    whole, whole, whole, whole,
    "'Fills in forms', no license, text: also old ones.", dashes, dashes, dashes,
    r"'Reads tables:\na | b\n', no license, text: |---", table, table, table,
    "error", whole, bare, bare,
    whole, whole, whole, bare,
]))
for name, value in seen.items():
    print(f"  {name:47}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
