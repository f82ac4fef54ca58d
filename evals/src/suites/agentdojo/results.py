"""Results of tools as JSON: each line in is the text that a tool of AgentDojo returned, as a JSON
string; each line out is the same as a value. A text that is no YAML of a list or a mapping stays
a text."""

import json
import sys

import yaml

for line in sys.stdin:
    text = json.loads(line)
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    if not isinstance(value, (list, dict)):
        value = text
    print(json.dumps(value, default=str))
