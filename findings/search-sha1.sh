#!/bin/sh
# Looking for a commit hash: tantivy, SQLite FTS5 and bm25s.
#
# Guess:   a git commit is one word of 40 letters and digits, so every full-text index finds it.
# Reality: tantivy's default tokenizer (and its en_stem) drops words of 40 bytes or more: the limit is one byte
#          short of a SHA-1. The document is stored, the word is not indexed, the query parser drops the word
#          in the same way, and the search returns nothing, with no error. A hash cut to 39 letters is found
#          if it was stored so. The same goes for a SHA-256 and for any word of 40 bytes: 14 Chinese
#          characters without a space between them are 42.
# Seen with tantivy (Python) 0.27.0, SQLite FTS5 of Python, bm25s 0.3.16: the rows printed below.
# So:      an agent's memory is full of such words: commits, image digests, API names, long compound words. "Not
#          found" then reads as "never happened". Register a tokenizer without the limit (or with 255), and
#          test an index with the longest words that its users paste.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check tantivy==0.27.0 bm25s==0.3.16
cat >check.py <<'PY'
import hashlib, sqlite3, sys
import bm25s, tantivy

SHA1 = hashlib.sha1(b"quipu").hexdigest()
WORDS = {
    "39 letters of a SHA-1": SHA1[:39],
    "a SHA-1, 40 letters": SHA1,
    "a SHA-256, 64 letters": hashlib.sha256(b"quipu").hexdigest(),
    "13 Chinese characters, 39 bytes": "结绳记事是古代人的一种方法",
    "14 Chinese characters, 42 bytes": "结绳记事是古代人的一种方法呢",
}

def in_tantivy(word, tokenizer):
    fields = tantivy.SchemaBuilder().add_text_field("body", stored=True, tokenizer_name=tokenizer).build()
    index = tantivy.Index(fields)
    writer = index.writer(15_000_000, 1)
    writer.add_document(tantivy.Document(body=f"fixed in {word} last week"))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return len(index.searcher().search(index.parse_query(word, ["body"]), 10).hits) > 0

def in_fts5(word):
    database = sqlite3.connect(":memory:")
    database.execute("create virtual table page using fts5(body)")
    database.execute("insert into page values (?)", (f"fixed in {word} last week",))
    return database.execute("select count(*) from page where page match ?", (f'"{word}"',)).fetchone()[0] > 0

def in_bm25s(word):
    index = bm25s.BM25()
    pages = [f"fixed in {word} last week", "nothing of the kind"]
    index.index(bm25s.tokenize(pages, show_progress=False), show_progress=False)
    _, scores = index.retrieve(bm25s.tokenize([word], show_progress=False), k=1, show_progress=False)
    return bool(scores[0][0] > 0)

seen = {}
for name, word in WORDS.items():
    found = [in_tantivy(word, "default"), in_tantivy(word, "en_stem"), in_fts5(word), in_bm25s(word)]
    seen[name] = " ".join("yes" if one else "no" for one in found)
expected = {
    "39 letters of a SHA-1": "yes yes yes yes",
    "a SHA-1, 40 letters": "no no yes yes",
    "a SHA-256, 64 letters": "no no yes yes",
    "13 Chinese characters, 39 bytes": "yes yes yes yes",
    "14 Chinese characters, 42 bytes": "no no yes yes",
}
print("found by  tantivy default, tantivy en_stem, FTS5, bm25s ?")
for name, value in seen.items():
    print(f"  {name:34}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
