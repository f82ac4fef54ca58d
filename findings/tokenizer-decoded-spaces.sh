#!/bin/sh
# The spaces of a text that a tokenizer decodes, in Python and in JavaScript.
#
# Guess:   ids of a byte-level tokenizer (GPT-2, Llama 3, Qwen) stand for exact bytes, so decoding gives the text that
#          was encoded. That transformers.js cleans up spaces before punctuation, where the files do not say whether,
#          was known of older releases; the bare tokenizers package of the same makers does not, and where the files
#          say true Python cleans as well.
# Reality: transformers 5 writes no clean_up_tokenization_spaces when it saves a tokenizer, and both JavaScript
#          packages take that for true, the bare one too. A command loses the space before its dot, and a string of
#          one space, after a space, becomes an empty one: line = ' '.join(words) is line =''.join(words), which runs.
#          Python does not clean such a tokenizer even if the files say true. Only a written false is the same
#          everywhere.
# Seen with tokenizers 0.23.3, transformers 5.23.0, @huggingface/tokenizers 0.2.0, @lenml/tokenizers 3.7.2: the rows
#          printed below. Both Python packages give every text back as it was.
# So:      write "clean_up_tokenization_spaces": false into tokenizer_config.json of each model that is served by
#          both, or pass it to decode(), and send code through encode and decode once in the language that will run
#          it. Tests with prose show nothing: there is no space before its dots.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check tokenizers==0.23.3 transformers==5.23.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/tokenizers@0.2.0 @lenml/tokenizers@3.7.2
cat >decode.mjs <<'JS'
import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
import { TokenizerLoader } from "@lenml/tokenizers";

const [folder, lists] = JSON.parse(process.argv[2]);
const read = (name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));
const tokenizerJSON = read("tokenizer.json");
const tokenizerConfig = read("tokenizer_config.json");
const bare = new Tokenizer(tokenizerJSON, tokenizerConfig);
const fork = TokenizerLoader.fromPreTrained({ tokenizerJSON, tokenizerConfig });
console.log(JSON.stringify(lists.map((ids) => [bare.decode(ids), fork.decode(ids)])));
JS
cat >check.py <<'PY'
import json, os, pathlib, subprocess, sys

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

TEXTS = {
    "git add . && git commit": "git add. && git commit",
    "find . ! -name x": "find.! -name x",
    "' '.join(words)": "' '.join(words)",
    "line = ' '.join(words)": "line =''.join(words)",
    "if [ ! -f x ]; then": "if [! -f x ]; then",
    "sed 's/ , /;/'": "sed's/, /;/'",
    "Well. That is prose, isn't it?": "Well. That is prose, isn't it?",
}
letters = sorted(pre_tokenizers.ByteLevel.alphabet())
plain = Tokenizer(models.BPE({letter: place for place, letter in enumerate(letters)}, []))
plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
plain.decoder = decoders.ByteLevel()
PreTrainedTokenizerFast(tokenizer_object=plain).save_pretrained("saved")
config = pathlib.Path("saved/tokenizer_config.json")
written = json.loads(config.read_text())
lists = [plain.encode(text).ids for text in TEXTS]

def decoded(**fields):
    config.write_text(json.dumps(written | fields))
    python = AutoTokenizer.from_pretrained("saved")
    by_script = subprocess.run(["node", "decode.mjs", json.dumps(["saved", lists])],
                               capture_output=True, text=True, check=True).stdout
    rows = zip(lists, json.loads(by_script))
    return [(plain.decode(ids), python.decode(ids), bare, fork) for ids, (bare, fork) in rows]

FIELD = "clean_up_tokenization_spaces"
ways = {"as saved": decoded(), "true": decoded(**{FIELD: True}), "false": decoded(**{FIELD: False})}
print(f"  {'text, and in both Python packages':38}both JavaScript packages")
for text, row in zip(TEXTS, ways["as saved"]):
    print(f"  {text:38}{row[2]}")
if FIELD in written:
    sys.exit(f"CHANGED: transformers writes {FIELD}: {written[FIELD]}")
for way, rows in ways.items():
    for (text, cleaned), row in zip(TEXTS.items(), rows):
        expected = (text, text, text, text) if way == "false" else (text, text, cleaned, cleaned)
        if row != expected:
            sys.exit(f"CHANGED: {way}, {text}: was {expected}, is {row}")
print("  the same with true in the files; with false all four give the text back")
print("as found")
PY
venv/bin/python check.py
