#!/bin/sh
# Amounts and numbers written out for a voice: num2words and inflect.
#
# Guess:   num2words(5, to="currency", currency="EUR") is "five euro" and so is 5.0: one amount. About inflect there
#          was no guess: its answers turned up among the cases tried.
# Reality: a whole number is taken for cents: 5 is "zero euro, five cents", 150 is "one euro, fifty cents", while 5.0
#          and the text "5" are "five euro, zero cents". So in all languages tried, and with a minus too. The text
#          "1.10" is "one point one".
#          inflect drops each sign that is no digit: "1e3" is "thirteen", "3/4" "thirty-four", "10:30" "one thousand
#          and thirty", and a date is twenty million. "1.10" it reads out in full.
# Seen with num2words 0.5.14, inflect 7.6.0: the rows printed below.
# So:      JSON has no cents: the price 5.00 comes back from a model or a tool as 5 and 4.99 as 4.99, so of one list
#          some prices are spoken a hundred times too small. Hand over a Decimal with two places, rounded by yourself,
#          and give inflect only what matches -?[0-9]+([.][0-9]+)?.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check num2words==0.5.14 inflect==7.6.0
cat >check.py <<'PY'
import json, sys
from decimal import Decimal
import inflect
from num2words import num2words

def euros(amount, language="en"):
    return num2words(amount, to="currency", currency="EUR", lang=language)

write_out = inflect.engine().number_to_words
prices = json.loads("[4.99, 5, 150]")
seen = {f"num2words {price!r}": euros(price) for price in (*prices, 5.0, "5", Decimal("5.00"), -5)}
seen |= {f"num2words 5 in {language}": euros(5, language) for language in ("de", "fr", "es")}
seen["num2words '1.10', no currency"] = num2words("1.10")
seen |= {f"inflect {text!r}": write_out(text) for text in ("1.10", "1e3", "3/4", "10:30", "2024-11-30")}
expected = {
    "num2words 4.99": "four euro, ninety-nine cents",
    "num2words 5": "zero euro, five cents",
    "num2words 150": "one euro, fifty cents",
    "num2words 5.0": "five euro, zero cents",
    "num2words '5'": "five euro, zero cents",
    "num2words Decimal('5.00')": "five euro, zero cents",
    "num2words -5": "minus zero euro, five cents",
    "num2words 5 in de": "null Euro und fünf Cent",
    "num2words 5 in fr": "zéro euros et cinq centimes",
    "num2words 5 in es": "cero euros con cinco céntimos",
    "num2words '1.10', no currency": "one point one",
    "inflect '1.10'": "one point one zero",
    "inflect '1e3'": "thirteen",
    "inflect '3/4'": "thirty-four",
    "inflect '10:30'": "one thousand and thirty",
    "inflect '2024-11-30'": "twenty million, two hundred and forty-one thousand, one hundred and thirty",
}
for name, value in seen.items():
    print(f"  {name:31}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
