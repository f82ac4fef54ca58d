#!/bin/sh
# How much of a page model2vec reads.
#
# Guess:   a static embedding is an average over all tokens, so it has no window. If encode() has max_length=512,
#          that is 512 tokens.
# Reality: encode() cuts twice, silently. First the TEXT, at 512 times the vocabulary's median token length (6
#          letters: 3,072 characters), then the tokens, at 512. Where words are long the first cut comes early:
#          two pages of 480 tokens each, of which the last 180 differ, get one and the same vector. With
#          max_length=None their likeness (cosine) is 0.39.
# Seen with model2vec 0.10.0 and the real model potion-base-8M (from archguard 1.6.3): the rows printed below.
# So:      "no window" made long pages look safe, and the end of a page is never found by meaning. Cut pages into
#          pieces below both limits, or pass max_length=None, which costs little for a table look-up. A port
#          that counts tokens only gives another vector for the same page: do not mix their stores.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check model2vec==0.10.0
venv/bin/pip download -q --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.12 archguard==1.6.3
venv/bin/python -m zipfile -e archguard-1.6.3-py3-none-any.whl wheel
cat >check.py <<'PY'
import sys
import numpy
from model2vec import StaticModel

model = StaticModel.from_pretrained("wheel/archguard/models/potion-base-8M")
HEAD = "internationalization " * 150    # 3,150 characters, 300 tokens
PAGES = [HEAD + "volcano " * 180, HEAD + "violin " * 180]

def likeness(left, right, **options):
    left, right = model.encode(left, **options), model.encode(right, **options)
    return round(float(left @ right / numpy.linalg.norm(left) / numpy.linalg.norm(right)), 2)

def tokens(text):
    return len(model.tokenizer.encode(text, add_special_tokens=False).ids)

cut = 512 * model.median_token_length
seen = {
    "median token length": model.median_token_length,
    "tokens of the two pages": " ".join(str(tokens(page)) for page in PAGES),
    "likeness of the two pages": likeness(*PAGES),
    "likeness, max_length=None": likeness(*PAGES, max_length=None),
    f"a page and its first {cut:,} characters": likeness(PAGES[0], PAGES[0][:cut]),
    "a page and its head, max_length=None": likeness(PAGES[0], HEAD, max_length=None),
}
expected = {
    "median token length": 6,
    "tokens of the two pages": "480 480",
    "likeness of the two pages": 1.0,
    "likeness, max_length=None": 0.39,
    "a page and its first 3,072 characters": 1.0,
    "a page and its head, max_length=None": 0.58,
}
for name, value in seen.items():
    print(f"  {name:40}{value}")
changed = [name for name in expected if seen.get(name) != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen.get(changed[0])!r}")
print("as found")
PY
venv/bin/python check.py
