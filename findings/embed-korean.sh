#!/bin/sh
# What is left of a Korean word before llama.cpp embeds it.
#
# Guess:   all-MiniLM-L6-v2 means little in Korean, but different words are different tokens, as they are for the
#          tokenizers library: it takes a syllable apart into its letters, each of which is in the vocabulary.
# Reality: llama.cpp keeps the first letter of each syllable and drops the others. Words with the same first
#          letters are one and the same text: autumn and winter have one vector, likeness 1. In Hindi it drops
#          the vowel signs: day and gift are one text too. Words with German, French, Greek or Japanese accents
#          come out alike in the two libraries, so tests with those tell nothing.
# Seen with xllamacpp 2026.10.11549 (llama.cpp), tokenizers 0.23.3, gguf 0.19.0, the model in embcli-llamacpp 0.1.0:
#          words                            tokenizers                llama.cpp      likeness there
#          가을, 겨울   autumn, winter      ᄀ ᅡ ᄋ ᅳ ᆯ  ᄀ ᅧ ᄋ ᅮ ᆯ      2, 2 tokens    1.0
#          दिन, दान    day, gift           द ि न  द ा न                2, 2 tokens    1.0
#          가을, 나무   autumn, tree        ᄀ ᅡ ᄋ ᅳ ᆯ  ᄂ ᅡ ᄆ ᅮ        2, 2 tokens    0.46
#          Bär, Bar    bear, bar           bar  bar                  1, 1 token     1.0
# So:      with an uncased BERT model a store made by llama.cpp confuses what one made by another runtime tells apart,
#          and the score says "equal". Do not mix their vectors. Search by words beside the vectors, and compare the
#          ids of two runtimes on a text of each script that users write: accents alone do not show it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check xllamacpp==2026.10.11549 tokenizers==0.23.3 gguf==0.19.0
venv/bin/pip download -q --disable-pip-version-check --no-deps --no-binary embcli-llamacpp embcli-llamacpp==0.1.0
tar xzf embcli_llamacpp-0.1.0.tar.gz
cat >check.py <<'PY'
import json, pathlib, sys

import gguf, numpy, xllamacpp
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

(path,) = pathlib.Path(".").rglob("*.gguf")
PAIRS = [("가을", "겨울"), ("दिन", "दान"), ("가을", "나무"), ("Bär", "Bar")]

# The model's own words, in the way of its tokenizer.json: GGUF marks the beginning of a word, BERT what goes on.
words = gguf.GGUFReader(path).get_field("tokenizer.ggml.tokens").contents()
def spelled(word):
    if word.startswith("▁"):
        return word[1:]
    return word if word.startswith("[") and word.endswith("]") else "##" + word
reference = Tokenizer(models.WordPiece({spelled(word): place for place, word in enumerate(words)}, unk_token="[UNK]"))
reference.normalizer = normalizers.BertNormalizer(lowercase=True)
reference.pre_tokenizer = pre_tokenizers.BertPreTokenizer()

options = xllamacpp.CommonParams()
options.model.path = str(path)
options.embedding = True
options.verbosity = 0
options.cpuparams.n_threads = 1
server = xllamacpp.Server(options)

def embedded(word):
    answer = json.loads(server.handle_embeddings(json.dumps({"input": [word]})))
    vector = numpy.array(answer["data"][0]["embedding"])
    return answer["usage"]["prompt_tokens"] - 2, vector / numpy.linalg.norm(vector)

seen = []
for pair in PAIRS:
    pieces = [reference.encode(word).tokens for word in pair]
    counts, vectors = zip(*map(embedded, pair))
    row = (pieces[0] == pieces[1], [len(piece) for piece in pieces], list(counts), round(float(vectors[0] @ vectors[1]), 2))
    seen.append(row)
    shown = "  ".join(" ".join(piece.removeprefix("##") for piece in word) for word in pieces)
    print(f"  {', '.join(pair)}: tokenizers {shown}; llama.cpp {row[2]} tokens, likeness {row[3]}")
expected = [
    (False, [5, 5], [2, 2], 1.0),
    (False, [3, 3], [2, 2], 1.0),
    (False, [5, 4], [2, 2], 0.46),
    (True, [1, 1], [1, 1], 1.0),
]
for pair, now, then in zip(PAIRS, seen, expected):
    if now != then:
        sys.exit(f"CHANGED: {pair}: was {then}, is {now}")
print("as found")
PY
venv/bin/python check.py
