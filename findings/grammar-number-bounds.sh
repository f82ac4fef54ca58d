#!/bin/sh
# What a bound on a number does to the other numbers, in a grammar made from a JSON Schema.
#
# Guess:   "maximum" takes away what is larger and nothing else; the schema of an unsigned 64-bit integer
#          (maximum 18446744073709551615, as generators write it) admits all of them.
# Reality: (1) Any bound on a number also takes away every number with an exponent: {"type":"number"} admits 4e0,
#          with "maximum": 5 it does not. (2) An integer's maximum beyond 2^63 is taken without a word, and then
#          stands for 2^63 - 1: half of the unsigned integers cannot be written, among them the maximum itself.
#          (3) The same maximum on a number is an error. (4) A maximum of 2^53 + 1 refuses itself, since bounds
#          are kept as doubles.
# Seen with llguidance 1.9.1 (the package of PyPI):
#          number              4e0 admitted
#          number <= 5         4e0 refused, 4 admitted
#          integer <= 2^64-1   2^63-1 admitted, 2^63 refused, 2^64-1 refused
#          number <= 2^64-1    error: Failed to generate regex for float range
#          integer <= 2^53+1   2^53 admitted, 2^53+1 refused
# So:      leave bounds out of a grammar where they are those of a machine's integers, and check values
#          afterwards; do not expect 1e-7 where a number has a bound.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check llguidance==1.9.1 tokenizers==0.23.3
cat >check.py <<'PY'
import sys

from llguidance import LLMatcher, LLTokenizer

tokenizer = LLTokenizer("byte")


def admits(schema, text):
    """Whether the grammar of `schema` admits all of `text`, and an end after it."""
    grammar = LLMatcher.grammar_from_json_schema(schema)
    if error := LLMatcher.validate_grammar(grammar, tokenizer):
        return "error: " + error.split(":")[0]
    matcher = LLMatcher(tokenizer, grammar)
    tokens = tokenizer.tokenize_str(text)
    return "admitted" if matcher.validate_tokens(tokens) == len(tokens) else "refused"


bounded = lambda kind, most: {"type": kind, "maximum": most}
seen = {}
for name, schema, texts in [
    ("number", {"type": "number"}, ["4e0"]),
    ("number <= 5", bounded("number", 5), ["4e0", "4"]),
    ("integer <= 2^64-1", bounded("integer", 2**64 - 1), [str(2**63 - 1), str(2**63), str(2**64 - 1)]),
    ("number <= 2^64-1", bounded("number", 2**64 - 1), ["1"]),
    ("integer <= 2^53+1", bounded("integer", 2**53 + 1), [str(2**53), str(2**53 + 1)]),
]:
    seen[name] = [admits(schema, text) for text in texts]
    print(f"{name:18} " + ", ".join(f"{text} {said}" for text, said in zip(texts, seen[name])))
expected = {
    "number": ["admitted"],
    "number <= 5": ["refused", "admitted"],
    "integer <= 2^64-1": ["admitted", "refused", "refused"],
    "number <= 2^64-1": ["error: Failed to generate regex for float range"],
    "integer <= 2^53+1": ["admitted", "refused"],
}
if seen != expected:
    sys.exit(f"CHANGED: {seen}")
print("as found")
PY
venv/bin/python check.py
