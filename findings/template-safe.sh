#!/bin/sh
# One word in a real chat template, in three Jinja engines.
#
# Guess:   with auto-escaping off, the filter `safe` does nothing, so a template that has it renders alike
#          everywhere, and Jinja2 is the reference that the ports follow.
# Reality: in Jinja2 `safe` makes a special string, and whatever is ADDED to a special string is HTML-escaped, with
#          auto-escaping off too. functionary-medium-v3.1 builds its tool list as "..."|safe + description + ... +
#          tool|tojson. In Jinja2 with the settings of transformers, the model is shown {&#34;name&#34;: ...}.
#          minijinja and @huggingface/jinja show it {"name": ...}.
# Seen with jinja2 3.1.6 (markupsafe 3.0.3), minijinja 3.1.0, @huggingface/jinja 0.5.11, and the template as
#          llama.cpp ships it in llama-cpp-python 0.3.36: 28 entities such as &#34; in Jinja2's text, none in
#          the texts of the other two, which are equal.
# So:      the ports show what the template's author seems to have meant, the reference does not, and the template
#          does not say which of the two texts the model was trained on. Moving such a model between Python and
#          a port changes each prompt that has tools: new caches, and a new evaluation. Look for `safe` followed
#          by + in a template before blaming a model's tool calls.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check jinja2==3.1.6 markupsafe==3.0.3 minijinja==3.1.0
venv/bin/pip download -q --disable-pip-version-check --no-deps --no-binary llama-cpp-python llama-cpp-python==0.3.36
cat >unpack.py <<'PY'
import pathlib, tarfile

name = "meetkai-functionary-medium-v3.1.jinja"
with tarfile.open("llama_cpp_python-0.3.36.tar.gz") as archive:
    member = f"llama_cpp_python-0.3.36/vendor/llama.cpp/models/templates/{name}"
    pathlib.Path(name).write_bytes(archive.extractfile(member).read())
PY
venv/bin/python unpack.py
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/jinja@0.5.11
cat >chat.json <<'JSON'
{"messages": [{"role": "user", "content": "Is it raining?"}], "bos_token": "", "eos_token": "",
 "add_generation_prompt": true,
 "tools": [{"type": "function", "function": {"name": "weather", "description": "Today's weather",
   "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]}
JSON
cat >hf.mjs <<'JS'
import { Template } from "@huggingface/jinja";
import fs from "node:fs";
const [template, chat] = ["meetkai-functionary-medium-v3.1.jinja", "chat.json"].map((name) => fs.readFileSync(name, "utf8"));
fs.writeFileSync("hf.txt", new Template(template).render(JSON.parse(chat)));
JS
node hf.mjs
cat >check.py <<'PY'
import json, re, sys
from jinja2.sandbox import ImmutableSandboxedEnvironment
import minijinja

template = open("meetkai-functionary-medium-v3.1.jinja").read()
chat = json.load(open("chat.json"))

def tojson(value, indent=None):  # as transformers defines the filter
    return json.dumps(value, ensure_ascii=False, indent=indent)

reference = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
reference.filters["tojson"] = tojson
port = minijinja.Environment(trim_blocks=True, lstrip_blocks=True, pycompat=True)
port.add_filter("tojson", tojson)
texts = {
    "jinja2": reference.from_string(template).render(**chat),
    "minijinja": port.render_str(template, **chat),
    "@huggingface/jinja": open("hf.txt").read(),
}
seen = {}
for name, text in texts.items():
    seen[name] = len(re.findall("&#?[a-z0-9]+;", text))
    line = next(line for line in text.splitlines() if "weather" in line and "name" in line and "{" in line)
    print(f"  {name:19}{seen[name]:3} entities   {line[:70]}")
seen["the two ports agree"] = texts["minijinja"] == texts["@huggingface/jinja"]
expected = {"jinja2": 28, "minijinja": 0, "@huggingface/jinja": 0, "the two ports agree": True}
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
