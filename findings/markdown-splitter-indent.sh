#!/bin/sh
# What langchain's splitter by headers does to the text between the headers.
#
# Guess:   MarkdownHeaderTextSplitter cuts a page at its headers. The text between two headers is kept as written; fenced
#          code surely is, since the splitter knows fences: a # inside of one is not taken for a header.
# Reality: each line is stripped of its leading blanks, inside of a fence too. Python code comes out as
#          "def f():\nreturn 1", which does not run, and YAML with all keys on one level, which PyYAML still reads, as
#          something else. Lists lose their levels. A comment in code that is indented instead of fenced is taken for
#          a header, and its text for the heading of all that follows. Nothing is said, with strip_headers=False too.
#          MarkdownTextSplitter of the same package and MarkdownSplitter of semantic-text-splitter keep the lines.
# Seen with langchain-text-splitters 1.1.3, semantic-text-splitter 0.33.1: the rows printed below.
# So:      notes on programs, settings and plans are the usual food of such a store, and a model shown these pieces
#          copies the broken code. Split by headers with something that gives offsets, or keep the source lines and
#          use this splitter's headings only. Put an indented line into the test document of any splitter.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
    langchain-text-splitters==1.1.3 semantic-text-splitter==0.33.1 pyyaml==6.0.4
cat >check.py <<'PY'
import sys
import yaml
from langchain_text_splitters import MarkdownHeaderTextSplitter, MarkdownTextSplitter
from semantic_text_splitter import MarkdownSplitter

FENCE = "`" * 3
CODE = "def f():\n    # one\n    return 1"
SETTINGS = "server:\n  port: 80\nclient:\n  port: 81"
PARTS = {
    "code": f"{FENCE}python\n{CODE}\n{FENCE}",
    "settings": f"{FENCE}yaml\n{SETTINGS}\n{FENCE}",
    "list": "- one\n    - two",
    "indented code": "Run:\n\n    # first\n    make\n\nThat is all.",
}
HEADERS = [("#", "heading")]

def by_headers(page):
    return MarkdownHeaderTextSplitter(HEADERS, strip_headers=False).split_text(page)

def by_size(page):
    return MarkdownTextSplitter(chunk_size=200, chunk_overlap=0).split_text(page)

def by_meaning(page):
    return MarkdownSplitter(200).chunks(page)

seen = {}
for name, part in PARTS.items():
    page = f"# Guide\n\n{part}\n"
    pieces = by_headers(page)
    seen[f"{name}: by headers"] = " / ".join(repr(piece.page_content.replace(FENCE, "")) for piece in pieces)
    seen[f"{name}: headings"] = ", ".join(piece.metadata["heading"] for piece in pieces)
    seen[f"{name}: the other two keep it"] = all(part in "\n".join(split(page)) for split in (by_size, by_meaning))
settings = by_headers(f"# Guide\n\n{PARTS['settings']}\n")[0].page_content
seen["settings as parsed"] = str(yaml.safe_load(settings.split(FENCE)[1].removeprefix("yaml")))
expected = {
    "code: by headers": r"'# Guide  \npython\ndef f():\n# one\nreturn 1\n'",
    "code: headings": "Guide",
    "code: the other two keep it": True,
    "settings: by headers": r"'# Guide  \nyaml\nserver:\nport: 80\nclient:\nport: 81\n'",
    "settings: headings": "Guide",
    "settings: the other two keep it": True,
    "settings as parsed": "{'server': None, 'port': 81, 'client': None}",
    "list: by headers": r"'# Guide  \n- one\n- two'",
    "list: headings": "Guide",
    "list: the other two keep it": True,
    "indented code: by headers": r"'# Guide  \nRun:' / '# first\nmake  \nThat is all.'",
    "indented code: headings": "Guide, first",
    "indented code: the other two keep it": True,
}
for name, value in seen.items():
    print(f"  {name:38}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
