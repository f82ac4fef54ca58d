#!/bin/sh
# The description of a skill, which is all that a model sees when it chooses one: three loaders of SKILL.md.
#
# Guess:   front matter is YAML, and a loader reads it as YAML. One description is the same text in each.
# Reality: openskills (npm) takes the rest of the line that begins with "description:". Of a description that is folded
#          over lines with >-, as formatters write it, the model is told ">-", of a literal one "|-", and of one that
#          goes on in the next line the first line. Quotes, and a comment after the value, are part of the text. A
#          description with a colon and a space in it, which is no YAML, is the one case where openskills reads what was
#          meant and both reference libraries refuse the skill. It stops at no end of front matter either: of a skill
#          without a description it takes the first line of the instructions that begins with that word.
# Seen with openskills 1.5.0, skills-ref 0.1.1 (PyPI), skills-ref 0.1.5 (npm): the rows printed below.
# So:      write a description on one line, without quotes, without ": " and without a comment: that is the only form
#          that all three read alike. "openskills sync" succeeds with ">-", which tells nobody what the skill is for.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check skills-ref==0.1.1
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts openskills@1.5.0 skills-ref@0.1.5
cat >read.mjs <<'JS'
import { readProperties } from "skills-ref";

try {
  console.log(JSON.stringify((await readProperties(process.argv[2])).description));
} catch {
  console.log('"refused"');
}
JS
cat >check.py <<'PY'
import json, pathlib, re, subprocess, sys
from skills_ref import read_properties
from skills_ref.errors import SkillError

TEXT = "Fill PDF forms. Use when a form is named."
# What stands in front matter -> what openskills, skills-ref (PyPI) and skills-ref (npm) read.
CASES = {
    f"description: {TEXT}": (TEXT, TEXT, TEXT),
    "description: >-\n  Fill PDF forms.\n  Use when a form is named.": (">-", TEXT, TEXT),
    "description: |-\n  Fill PDF forms.\n  Use when a form is named.": ("|-", TEXT.replace(". U", ".\nU"), TEXT.replace(". U", ".\nU")),
    "description: Fill PDF forms.\n  Use when a form is named.": ("Fill PDF forms.", TEXT, TEXT),
    f'description: "{TEXT}"': (f'"{TEXT}"', TEXT, TEXT),
    "description: 'For Anna''s forms.'": ("'For Anna''s forms.'", "For Anna's forms.", "For Anna's forms."),
    f"description: {TEXT} # draft": (f"{TEXT} # draft", TEXT, TEXT),
    "description: For forms: PDF and DOCX.": ("For forms: PDF and DOCX.", "refused", "refused"),
    "license: MIT": ("the text below the form's title.", "refused", "refused"),
}
folder = pathlib.Path("project/.claude/skills/forms")
folder.mkdir(parents=True)
agents = pathlib.Path("project/AGENTS.md")

def by_openskills():
    agents.write_text("# Project\n")
    command = ["node", "../node_modules/openskills/dist/cli.js", "sync", "--yes"]
    subprocess.run(command, cwd="project", check=True, capture_output=True)
    return re.search("<description>(.*?)</description>", agents.read_text(), re.DOTALL)[1]

def by_python():
    try:
        return read_properties(folder).description
    except SkillError:
        return "refused"

def by_script():
    return json.loads(subprocess.run(["node", "read.mjs", folder], check=True, capture_output=True, text=True).stdout)

changed = None
for case, expected in CASES.items():
    (folder / "SKILL.md").write_text(f"---\nname: forms\n{case}\n---\n# Fill a form\nLook for these fields:\ndescription: the text below the form's title.\n")
    seen = (by_openskills(), by_python(), by_script())
    print(f"  {case!r}")
    for name, text in zip(("openskills", "skills-ref (PyPI)", "skills-ref (npm)"), seen):
        print(f"      {name:19}{text!r}")
    if seen != expected and not changed:
        changed = f"{case!r}: was {expected}, is {seen}"
if changed:
    sys.exit(f"CHANGED: {changed}")
print("as found")
PY
venv/bin/python -W ignore check.py
