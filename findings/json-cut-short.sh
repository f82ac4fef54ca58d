#!/bin/sh
# The arguments of a tool call that broke off, in four readers of unfinished JSON.
#
# Guess:   a reader of unfinished JSON gives what is certain so far. A number, a word or a list's item that may not be
#          complete is left out, and libraries made for this agree about it.
# Reality: they agree on nothing but unfinished names. {"amount": 12, cut from 1250, is an amount of 12 for jiter,
#          json_repair and partial-json-parser, and left out by the parser inside of OpenAI's JavaScript client,
#          though OpenAI's Python client, which reads with jiter, has the 12. {"really": tru is left out by jiter,
#          true for partial-json-parser and the JavaScript client, and the text "tru" for json_repair. A path that
#          was cut is a shorter path for all but jiter with partial_mode=True. None of them says that anything was
#          missing.
# Seen with jiter 0.19.0, json_repair 0.64.6, partial-json-parser 0.2.1.1.post7 (PyPI), openai 6.49.0 (npm): the table
#          that this prints.
# So:      such readers are for showing a call while it grows. Never run what they return: a call whose stream ended
#          with finish_reason "length" has to go through a strict parser, and fail there. Where partial values are
#          shown to people, take a value as complete only when a comma or a bracket has come after it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check jiter==0.19.0 json_repair==0.64.6 partial-json-parser==0.2.1.1.post7
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts openai@6.49.0
cat >javascript.mjs <<'JS'
import { partialParse } from "openai/_vendor/partial-json-parser/parser.mjs";

console.log(JSON.stringify(JSON.parse(process.argv[2]).map((text) => partialParse(text))));
JS
cat >check.py <<'PY'
import json, subprocess, sys
import jiter, json_repair, partial_json_parser

TEXTS = ['{"amount": 12', '{"lines": [1, 2', '{"really": tru', '{"path": "/tmp/rep', '{"path": "/tmp", "amo']
command = ["node", "javascript.mjs", json.dumps(TEXTS)]
javascript = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
READERS = {
    "jiter": lambda text: jiter.from_json(text.encode(), partial_mode=True),
    "jiter, trailing-strings": lambda text: jiter.from_json(text.encode(), partial_mode="trailing-strings"),
    "json_repair": json_repair.loads,
    "partial-json-parser": partial_json_parser.loads,
    "OpenAI's JavaScript client": lambda text: javascript[TEXTS.index(text)],
}
seen = {}
for text in TEXTS:
    try:
        json.loads(text)
        sys.exit("CHANGED: the text is complete JSON")
    except json.JSONDecodeError:
        pass
    for name, read in READERS.items():
        seen[text, name] = json.dumps(read(text))
expected = {
    TEXTS[0]: ['{"amount": 12}', '{"amount": 12}', '{"amount": 12}', '{"amount": 12}', "{}"],
    TEXTS[1]: ['{"lines": [1, 2]}', '{"lines": [1, 2]}', '{"lines": [1, 2]}', '{"lines": [1, 2]}', '{"lines": [1]}'],
    TEXTS[2]: ["{}", "{}", '{"really": "tru"}', '{"really": true}', '{"really": true}'],
    TEXTS[3]: ["{}", '{"path": "/tmp/rep"}', '{"path": "/tmp/rep"}', '{"path": "/tmp/rep"}', '{"path": "/tmp/rep"}'],
    TEXTS[4]: ['{"path": "/tmp"}'] * 5,
}
wanted = {(text, name): value for text, values in expected.items() for name, value in zip(READERS, values)}
for (text, name), value in seen.items():
    print(f"  {text:25}{name:28}{value}")
changed = [key for key in wanted if seen[key] != wanted[key]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {wanted[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
