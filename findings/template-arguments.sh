#!/bin/sh
# The arguments of a tool call and the schema of a tool in a chat template, in three engines.
#
# Guess:   the engines that are made for chat templates write a value as jinja2 does, which the model was trained
#          with: true, none, 1.0 and a list look the same. About names such as items there was no guess: they turned
#          up among the expressions tried.
# Reality: jinja2 and minijinja write True, None, 1.0 and ['a', 1]; @huggingface/jinja true, nothing at all, 1 and
#          ["a", 1]. As JSON 1.0 is 1 there. A number of 0.00001 is 1e-05 in jinja2, and 0.00001 in both others. In
#          @huggingface/jinja strip('x') strips blanks only, '1' == 1 holds, and unique keeps A beside a. The items of
#          an array's schema: "tags: array of {{ schema.items.type }}" is empty after "of" in jinja2, since a dict has
#          a method of that name; both ports write string. The other way round args.items() fails in
#          @huggingface/jinja where the tool has a parameter named items, and works in the other two.
# Seen with jinja2 3.1.6, minijinja 3.1.0 (pycompat), @huggingface/jinja 0.5.11: the rows printed below.
# So:      a page that renders in the browser shows the model another call than the one it was trained on, and a
#          template that was tried in a port only tells it less in Python. Write args | items and schema['items'],
#          which are the same in all three; hand booleans over with tojson; test with true, 1.0, none and a parameter
#          named items.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check jinja2==3.1.6 minijinja==3.1.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/jinja@0.5.11
cat >render.mjs <<'JS'
import { Template } from "@huggingface/jinja";

const [templates, context] = JSON.parse(process.argv[2]);
const written = templates.map((template) => {
  try {
    return new Template(template).render(context);
  } catch {
    return "error";
  }
});
console.log(JSON.stringify(written));
JS
cat >check.py <<'PY'
import json, subprocess, sys
import minijinja
from jinja2.sandbox import ImmutableSandboxedEnvironment

CONTEXT = {
    "args": {"on": True, "gone": None, "size": 1.0, "tags": ["a", 1], "step": 0.00001},
    "order": {"items": 3, "keys": "no"},
    "schema": {"type": "array", "items": {"type": "string"}},
}
# Template -> what jinja2, minijinja and @huggingface/jinja write.
TEMPLATES = {
    "{{ args.on }}": ("True", "True", "true"),
    "{{ args.on | string }}": ("True", "True", "true"),
    "{{ args.gone }}": ("None", "None", ""),
    "{{ args.size }}": ("1.0", "1.0", "1"),
    "{{ args.size | tojson }}": ("1.0", "1.0", "1"),
    "{{ args.tags }}": ("['a', 1]", "['a', 1]", '["a", 1]'),
    "{{ args.step | tojson }}": ("1e-05", "0.00001", "0.00001"),
    "{{ 'xax'.strip('x') }}": ("a", "a", "xax"),
    "{{ '1' == 1 }}": ("False", "False", "true"),
    "{{ ['a', 'A'] | unique | join }}": ("a", "a", "aA"),
    "of {{ schema.items.type }}": ("of ", "of string", "of string"),
    "of {{ schema['items'].type }}": ("of string", "of string", "of string"),
    "{% for k, v in order.items() %}{{ k }}={{ v }} {% endfor %}": ("items=3 keys=no ", "items=3 keys=no ", "error"),
    "{% for k, v in order | items %}{{ k }}={{ v }} {% endfor %}": ("items=3 keys=no ",) * 3,
}

python = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
# As transformers has it: without escapes for HTML.
python.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
rust = minijinja.Environment(trim_blocks=True, lstrip_blocks=True, pycompat=True)
command = ["node", "render.mjs", json.dumps([list(TEMPLATES), CONTEXT])]
script = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
seen = {}
for template, by_script in zip(TEMPLATES, script):
    by_python = python.from_string(template).render(CONTEXT)
    seen[template] = (by_python, rust.render_str(template, **CONTEXT), by_script)
print(f"  {'':61}{'jinja2':18}{'minijinja':18}@huggingface/jinja")
for template, (by_python, by_rust, by_script) in seen.items():
    print(f"  {template:61}{by_python:18}{by_rust:18}{by_script}")
changed = [template for template, expected in TEMPLATES.items() if seen[template] != expected]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {TEMPLATES[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
