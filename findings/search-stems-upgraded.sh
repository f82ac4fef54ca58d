#!/bin/sh
# An index of words on disk, made with stems of English by one release of a search library and opened by the next.
#
# Guess:   the English stemmer of Snowball is one algorithm, the same in each package for many years. An index that a
#          newer release opens without an error finds what it found before.
# Reality: Snowball's English changed, and the name did not. An index that tantivy 0.25.1 has made opens in 0.27.0
#          without a word, and "emergency", "organization", "university", "international" and "evening" find nothing
#          in it, while "rent" does: they were stored as emerg, organ, univers, intern and even, and are asked for as
#          emergenc, organiz, universiti, internat and evening. PyStemmer changed the same words between 2.2 and 3.1,
#          and NLTK has the old ones. German changed too: Mueller and "Müll", which is waste, are one word now, and so
#          are a tenant (Mieterin) and the rent (Miete).
# Seen with tantivy 0.25.1 and 0.27.0, PyStemmer 2.2.0.3 and 3.1.0, nltk 3.10.4: the rows printed below.
# So:      store with an index the stems of a dozen words, and compare them when it is opened; build it again where they
#          differ. Never let two packages do the two sides of a search. A test that makes its own index sees nothing.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv old
python3 -m venv new
old/bin/pip install -q --disable-pip-version-check tantivy==0.25.1 PyStemmer==2.2.0.3
new/bin/pip install -q --disable-pip-version-check tantivy==0.27.0 PyStemmer==3.1.0 nltk==3.10.4
cat >pages.py <<'PY'
import json, os, sys
import Stemmer, tantivy

PAGES = {
    "emergency": "The emergency number is by the door.",
    "organization": "The organization pays on Monday.",
    "university": "Each university has its own rules.",
    "international": "The international desk is on floor 2.",
    "evening": "The evening shift ends at ten.",
    "rent": "The rent is due on the first.",
}
GERMAN = ("mueller", "müll", "mieterin", "miete")

if not os.path.exists("index"):
    os.mkdir("index")
    schema = tantivy.SchemaBuilder().add_text_field("text", stored=True, tokenizer_name="en_stem").build()
    writer = tantivy.Index(schema, path="index").writer(15_000_000, 1)
    for page in PAGES.values():
        writer.add_document(tantivy.Document(text=page))
    writer.commit()
    writer.wait_merging_threads()
index = tantivy.Index.open("index")
searcher = index.searcher()
english, german = Stemmer.Stemmer("english"), Stemmer.Stemmer("german")

def found(word):
    return [searcher.doc(address)["text"][0] for _, address in searcher.search(index.parse_query(word, ["text"])).hits] == [PAGES[word]]

json.dump({
    "found": [word for word in PAGES if found(word)],
    "english": {word: english.stemWord(word) for word in PAGES},
    "german": {word: german.stemWord(word) for word in GERMAN},
}, sys.stdout)
PY
cat >check.py <<'PY'
import json, subprocess, sys
from nltk.stem import SnowballStemmer

ENGLISH = {
    "emergency": ("emerg", "emergenc"),
    "organization": ("organ", "organiz"),
    "university": ("univers", "universiti"),
    "international": ("intern", "internat"),
    "evening": ("even", "evening"),
    "rent": ("rent", "rent"),
}
GERMAN = {"mueller": ("muell", "mull"), "müll": ("mull", "mull"), "mieterin": ("mieterin", "miet"), "miete": ("miet", "miet")}
FOUND = list(ENGLISH), ["rent"]

# The old release makes the index and the new one finds it there.
seen = [json.loads(subprocess.run([f"{release}/bin/python", "pages.py"], check=True, capture_output=True, text=True).stdout)
        for release in ("old", "new")]
changed = None
for language, words in (("english", ENGLISH), ("german", GERMAN)):
    nltk = SnowballStemmer(language)
    for word, expected in words.items():
        stems = tuple(release[language][word] for release in seen)
        hits = ", ".join("found" if word in release["found"] else "not found" for release in seen) if language == "english" else ""
        print(f"  {word:16}PyStemmer 2.2 {stems[0]:10} 3.1 {stems[1]:12} NLTK {nltk.stem(word):10} {hits and 'tantivy 0.25, 0.27: ' + hits}")
        if (*stems, nltk.stem(word)) != (*expected, expected[0]) and not changed:
            changed = f"{word}: was {expected}, is {stems} and {nltk.stem(word)}"
if tuple(release["found"] for release in seen) != FOUND and not changed:
    changed = f"found was {FOUND}, is {[release['found'] for release in seen]}"
if changed:
    sys.exit(f"CHANGED: {changed}")
print("as found")
PY
new/bin/python -W ignore check.py
