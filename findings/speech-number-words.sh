#!/bin/sh
# Numbers that were spoken, read from words by three packages.
#
# Guess:   plain numbers are read alike by all three; what a reader does not know (a half, "oh") is left as it is or
#          is an error, as word2number promises for text without a number. That some rows would differ was expected,
#          not which.
# Reality: word2number takes every number word of the text as a part of one number, adds or multiplies them, and never
#          says so: "minus five" is 5, "seven thirty" 37, "twenty twenty six" 406, "two point oh five" 2.5, "take two
#          five milligram tablets" 7. words-to-numbers makes "two hundred five hundred" 700 and "three and a half" "3
#          and 1 half". text2num makes a "thirty second pause" the "32nd pause", and of "one thousand one hundred one
#          hundred" the numbers 1101 and 100. None of the three knows a minus sign as a word or a half.
# Seen with word2number 1.1, text2num 3.1.0, words-to-numbers 1.5.1 (npm): the rows printed below.
# So:      after a recognizer that writes words, no package of these can stand before a timer, a dose or an order.
#          Read one number of a known kind from the words where it is expected, refuse words left over, and repeat the
#          value to the user. Compare with "five to ten" (15 in one) and "seven thirty", not with "forty two".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check word2number==1.1 text2num==3.1.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts words-to-numbers@1.5.1
cat >read.cjs <<'JS'
const { wordsToNumbers } = require("words-to-numbers");
console.log(JSON.stringify(JSON.parse(process.argv[2]).map((text) => String(wordsToNumbers(text)))));
JS
cat >check.py <<'PY'
import json, subprocess, sys
from text_to_num import alpha2digit
from word2number import w2n

# Text -> word2number, text2num, words-to-numbers.
TEXTS = {
    "forty two": ("42", "42", "42"),
    "minus five": ("5", "minus 5", "minus 5"),
    "seven thirty": ("37", "7 30", "7 30"),
    "twenty twenty six": ("406", "20 26", "20 26"),
    "two point oh five": ("2.5", "two point oh 5", "2 oh 5"),
    "three and a half": ("3", "3 and a half", "3 and 1 half"),
    "two and a half million": ("2000000", "two and a half 1000000", "2 and 1 half 1000000"),
    "five to ten": ("15", "5 to 10", "5 to 10"),
    "between one and two hundred": ("102", "between 1 and 200", "between 1 and 200"),
    "one hundred fifty to two hundred": ("1", "150 to 200", "150 to 200"),
    "two hundred five hundred": ("305", "205 100", "700"),
    "one thousand one hundred one hundred": ("1201", "1101 100", "1200"),
    "one million two hundred thousand": ("1201200", "1200000", "1200000"),
    "a thirty second pause": ("30", "a 32nd pause", "1 32 pause"),
    "take two five milligram tablets": ("7", "take 2 5 milligram tablets", "take 2 5 milligram tablets"),
}
command = ["node", "read.cjs", json.dumps(list(TEXTS))]
script = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

def whole(text):
    try:
        return str(w2n.word_to_num(text))
    except ValueError:
        return "error"

seen = {text: (whole(text), alpha2digit(text, "en"), by_script) for text, by_script in zip(TEXTS, script)}
print(f"  {'':38}{'word2number':14}{'text2num':30}words-to-numbers")
for text, (first, second, third) in seen.items():
    print(f"  {text:38}{first:14}{second:30}{third}")
changed = [text for text in TEXTS if seen[text] != TEXTS[text]]
for text in changed:
    print(f"CHANGED: {text}: was {TEXTS[text]}, is {seen[text]}")
if changed:
    sys.exit(1)
print("as found")
PY
venv/bin/python check.py
