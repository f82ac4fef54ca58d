#!/bin/sh
# A question and a document that are too long for a reranker, cut by the tokenizers of Python and of the browser.
#
# Guess:   truncation in transformers.js does what it does in Python: the longer of the two texts is cut and the
#          model's marks stay. That an old release cut the finished ids from the end was remembered; of 4.x it was
#          open. In any case truncation_side "left" of the files is obeyed, and "only_second" keeps the question
#          whole.
# Reality: nothing of it. The ids are cut from the end, so the last [SEP] is lost, of a single text too, and a
#          question longer than the limit leaves nothing of the document: every document has the same ids, and so the
#          same score. The side named in the files is ignored, and "only_second" is taken for true.
# Seen with tokenizers 0.23.3, @huggingface/transformers 4.3.1 (its packages for models and pictures left out), and
#          @lenml/tokenizers 3.7.2, its fork: the rows printed below. At most 8 ids:
#          long question, document "five mg"    Python       [CLS] which drug helps [SEP] five mg [SEP]
#                                               JavaScript   [CLS] which drug helps a b c d
# So:      a reranker in the browser ranks by the order of insertion when the question is long, and an embedding of a
#          long text has no [SEP], as the model never saw one: do not compare it with vectors made in Python. Cut the
#          texts before the call, each to its share, and check that the last id is the one of [SEP].
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check tokenizers==0.23.3
mkdir empty
echo '{"name": "empty", "version": "1.0.0", "main": "index.js"}' >empty/package.json
echo 'module.exports = { Tensor: class {}, InferenceSession: {}, env: { wasm: {} } };' >empty/index.js
cat >package.json <<'JSON'
{
  "name": "cut", "version": "1.0.0", "private": true,
  "overrides": {"onnxruntime-node": "file:./empty", "onnxruntime-web": "file:./empty", "sharp": "file:./empty"}
}
JSON
npm install --silent --no-audit --no-fund --ignore-scripts \
    @huggingface/transformers@4.3.1 onnxruntime-common@1.30.0 @lenml/tokenizers@3.7.2
cat >cut.mjs <<'JS'
import { readFileSync } from "node:fs";
import { PreTrainedTokenizer } from "@huggingface/transformers";
import { TokenizerLoader } from "@lenml/tokenizers";

const tokenizerJSON = JSON.parse(readFileSync("tokenizer.json", "utf8"));
const words = Object.keys(tokenizerJSON.model.vocab);
const rows = JSON.parse(process.argv[2]).map(([first, second, truncation, side]) => {
  const tokenizerConfig = { model_max_length: 512, truncation_side: side, pad_token: "[PAD]" };
  const options = { text_pair: second, truncation, max_length: 8 };
  const whole = new PreTrainedTokenizer(tokenizerJSON, tokenizerConfig)(first, options);
  const fork = TokenizerLoader.fromPreTrained({ tokenizerJSON, tokenizerConfig })(first, options);
  return [whole, fork].map((found) => {
    const ids = found.input_ids.tolist ? found.input_ids.tolist()[0] : found.input_ids;
    return Array.from(ids.flat(), (id) => words[Number(id)]).join(" ");
  });
});
console.log(JSON.stringify(rows));
JS
cat >check.py <<'PY'
import json, subprocess, sys

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

WORDS = "[PAD] [UNK] [CLS] [SEP] which drug helps a b c d e dose five mg ten not".split()
tokenizer = Tokenizer(models.WordPiece({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer()
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.decoder = decoders.WordPiece()
tokenizer.add_special_tokens(WORDS[:4])
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
)
tokenizer.save("tokenizer.json")
QUESTION, LONG = "which drug helps", "which drug helps a b c d e"
# First text, second text, truncation, side -> in Python, in both JavaScript packages.
CASES = {
    (LONG, None, True, "right"): ("[CLS] which drug helps a b c [SEP]", "[CLS] which drug helps a b c d"),
    (LONG, None, True, "left"): ("[CLS] helps a b c d e [SEP]", "[CLS] which drug helps a b c d"),
    (QUESTION, "dose five mg a b c d e", "only_second", "right"):
        ("[CLS] which drug helps [SEP] dose five [SEP]", "[CLS] which drug helps [SEP] dose five mg"),
    (LONG, "five mg", True, "right"): ("[CLS] which drug helps [SEP] five mg [SEP]", "[CLS] which drug helps a b c d"),
    (LONG, "not ten", True, "right"): ("[CLS] which drug helps [SEP] not ten [SEP]", "[CLS] which drug helps a b c d"),
}
command = ["node", "cut.mjs", json.dumps(list(CASES))]
script = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
seen = {}
for case, rows in zip(CASES, script):
    first, second, truncation, side = case
    tokenizer.enable_truncation(8, strategy="only_second" if truncation != True else "longest_first", direction=side)
    seen[case] = (" ".join(tokenizer.encode(first, second).tokens), *rows)
for case, row in seen.items():
    print(f"  {case[0]} | {case[1]} | {'longest' if case[2] is True else case[2]}, {case[3]}")
    for name, tokens in zip(("Python", "transformers.js", "its fork"), row):
        print(f"    {name:17}{tokens}")
for case, (python, browser) in CASES.items():
    if seen[case] != (python, browser, browser):
        sys.exit(f"CHANGED: {case}: was {(python, browser, browser)}, is {seen[case]}")
print("as found")
PY
venv/bin/python check.py
