#!/bin/sh
# Numbers in the word error rate of speech: Whisper's normalizer of English and jiwer.
#
# Guess:   the normalizer makes figures of number words, so that "seven thirty" and 7:30, "ninth" and 9th are no errors,
#          and it keeps amounts apart that have another value. The minus sign was not guessed about: it turned up among
#          the texts that were tried.
# Reality: often the other way round. A minus sign is removed as punctuation before numbers are looked at: -5 heard as 5
#          is no error, and -5 against "minus five" is one. An amount of one and some cents loses its currency: $1.50,
#          £1.50 and 1.50 all become "one.50", and one dollar is one pound. 7:30 becomes "7 30", two words, and "seven
#          thirty" 730, one word: a time heard rightly is two errors. "twenty ninth" is no 29th, and 1/2 is "one 2",
#          not one half. Plain counts, percents and years come out as guessed.
# Seen with whisper-normalizer 0.1.15, jiwer 4.0.0: the rows printed below.
# So:      a word error rate "after Whisper's normalizer" is blind to signs and to some currencies, and it punishes a
#          recognizer for writing clock times as the reference says them. Where numbers matter (orders, doses, money)
#          count them apart: take the numbers out of both texts with a reader of your own and compare values. Do not
#          compare two recognizers by this rate where one writes figures and the other writes words.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check whisper-normalizer==0.1.15 jiwer==4.0.0
cat >check.py <<'PY'
import sys
import jiwer
from whisper_normalizer.english import EnglishTextNormalizer

normal = EnglishTextNormalizer()
PAIRS = {
    ("it is -5 degrees", "it is 5 degrees"): "0 errors",
    ("it is -5 degrees", "it is minus five degrees"): "1 errors",
    ("it costs $1.50", "it costs £1.50"): "0 errors",
    ("it costs $1.50", "it costs 1.50"): "0 errors",
    ("it costs $1", "it costs £1"): "0 errors",
    ("it costs $2.50", "it costs £2.50"): "1 errors",
    ("it costs $2.50", "it costs two dollars and fifty cents"): "0 errors",
    ("come at 7:30", "come at seven thirty"): "2 errors",
    ("on the 29th", "on the twenty ninth"): "2 errors",
    ("take 1/2", "take one half"): "1 errors",
    ("10% of 1,000 in 2026", "ten percent of one thousand in twenty twenty six"): "0 errors",
}
seen = {}
for reference, heard in PAIRS:
    counts = jiwer.process_words(normal(reference), normal(heard))
    seen[reference, heard] = f"{counts.substitutions + counts.deletions + counts.insertions} errors"
for (reference, heard), value in seen.items():
    print(f"  {reference:22} {heard:50}{value}: {normal(reference).strip()} | {normal(heard).strip()}")
changed = [pair for pair in PAIRS if seen[pair] != PAIRS[pair]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {PAIRS[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
