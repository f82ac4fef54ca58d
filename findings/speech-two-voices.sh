#!/bin/sh
# What a voice is told to say: one model, Kokoro, in the browser and in Python, and the front end gruut.
#
# Guess:   that kokoro-js reads four digits as two pairs, as years, was known of its source; an amount with a currency
#          sign is kept whole there, and a minus between numbers stays a minus. Kokoro in Python says the same in
#          other words, since both hand the text to eSpeak. gruut, which has rules for times, keeps the hour.
# Reality: in Python "Take 2.5 mg" is two point five, and "Take 2.5 mg." is "two. five mg": the full stop at the end
#          of the text goes into the number, and the voice makes a pause there. With "!" or another sentence behind it
#          the number is right. In kokoro-js $2750 is "twenty seven dollars fifty", the price of $27.50; with its
#          comma it is right. 5-3 = 2 is "five to three equals two" there, a date "twenty twenty six to zero five to
#          zero one", and 1,5 "fifteen". gruut says 14:30 as "two thirty", 2750 euros as "twenty seven fifty euros",
#          $2.5 million as "two dollars fifty cents million", and 10-12 as "ten twelve".
# Seen with kokoro-js 1.2.1 (its packages for models and pictures left out), kokoro-onnx 0.6.1, gruut 2.4.0: the rows
#          printed below; kokoro-js was given a model that keeps the phonemes instead of speaking.
# So:      two ports of one voice are two voices for numbers, and neither they nor gruut are safe for amounts. Write
#          numbers out as words of your own before any of them, with the currency and the part of the day, and listen
#          to 2.5 at the end of a sentence, $2750, 14:30, 5-3 and 1,5 in each.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check kokoro-onnx==0.6.1 gruut==2.4.0
mkdir empty
echo '{"name": "empty", "version": "1.0.0", "main": "index.js"}' >empty/package.json
echo 'module.exports = { Tensor: class {}, InferenceSession: {}, env: { wasm: {} } };' >empty/index.js
cat >package.json <<'JSON'
{
  "name": "say", "version": "1.0.0", "private": true,
  "overrides": {"onnxruntime-node": "file:./empty", "onnxruntime-web": "file:./empty", "sharp": "file:./empty"}
}
JSON
npm install --silent --no-audit --no-fund --ignore-scripts kokoro-js@1.2.1 onnxruntime-common@1.30.0
cat >say.mjs <<'JS'
import { KokoroTTS } from "kokoro-js";

const said = [];
const tokenizer = (phonemes) => {
  said.push(phonemes);
  return { input_ids: { dims: [1, 10] } };
};
const voice = new KokoroTTS(async () => ({ waveform: { data: new Float32Array(1) } }), tokenizer);
for (const text of JSON.parse(process.argv[2])) {
  const before = said.length;
  // Without a model nothing comes after the phonemes.
  await voice.generate(text, { voice: "af_heart" }).catch(() => {});
  if (said.length !== before + 1) throw new Error(`no phonemes of ${text}`);
}
console.log(JSON.stringify(said));
JS
cat >check.py <<'PY'
import json, subprocess, sys

import gruut
from kokoro_onnx.tokenizer import Tokenizer

# Text -> kokoro-js, kokoro-onnx, gruut.
TEXTS = {
    "Take 2.5 mg": (
        "tˈeɪk tˈuː pˈɔɪnt fˈaɪv ˌɛmdʒˈiː",
        "tˈeɪk tˈuː pɔɪnt fˈaɪv ˌɛmdʒˈiː",
        "Take two point five mg",
    ),
    "Take 2.5 mg.": (
        "tˈeɪk tˈuː pˈɔɪnt fˈaɪv ˌɛmdʒˈiː.",
        "tˈeɪk tˈuː. fˈaɪv ˌɛmdʒˈiː",
        "Take two point five mg .",
    ),
    "Take 2.5 mg!": (
        "tˈeɪk tˈuː pˈɔɪnt fˈaɪv ˌɛmdʒˈiː!",
        "tˈeɪk tˈuː pɔɪnt fˈaɪv ˌɛmdʒˈiː!",
        "Take two point five mg !",
    ),
    "Take 2.5 mg. Then rest.": (
        "tˈeɪk tˈuː pˈɔɪnt fˈaɪv ˌɛmdʒˈiː. ðˈɛn ɹˈɛst.",
        "tˈeɪk tˈuː pɔɪnt fˈaɪv ˌɛmdʒˈiː. ðˈɛn ɹˈɛst.",
        "Take two point five mg . Then rest .",
    ),
    "$2750": (
        "twˈɛnti sˈɛvən dˈɑːlɚz fˈɪfti",
        "dˈɑːlɚ tˈuː θˈaʊzənd sˈɛvənhˈʌndɹɪd fˈɪfti",
        "two thousand , seven hundred and fifty dollars",
    ),
    "$27.50": (
        "twˈɛnti sˈɛvən dˈɑːlɚz ænd fˈɪfti sˈɛnts",
        "dˈɑːlɚ twˈɛnti sˈɛvən pɔɪnt fˈaɪv zˈiəɹoʊ",
        "twenty seven dollars fifty cents",
    ),
    "$2,750": (
        "tˈuː θˈaʊzənd sˈɛvən hˈʌndɹɪd fˈɪfti dˈɑːlɚz",
        "dˈɑːlɚ tˈuː θˈaʊzənd sˈɛvənhˈʌndɹɪd fˈɪfti",
        "two thousand , seven hundred and fifty dollars",
    ),
    "2750 euros": (
        "twˈɛnti sˈɛvən fˈɪfti jˈʊɹɹoʊz",
        "tˈuː θˈaʊzənd sˈɛvənhˈʌndɹɪd fˈɪfti jˈʊɹɹoʊz",
        "twenty seven fifty euros",
    ),
    "at 14:30": (
        "æt fˈoːɹtiːn:θˈɜːɾi",
        "æt fˈɔːɹtiːn:θˈɜːɾi",
        "at two thirty",
    ),
    "5-3 = 2": (
        "fˈaɪv tə θɹˈiː ˈiːkwəlz tˈuː",
        "fˈaɪv dˈæʃ θɹˈiː ˈiːkwəlz tˈuː",
        "five three two",
    ),
    "2026-05-01": (
        "twˈɛnti twˈɛnti sˈɪks tə zˈiəɹoʊ fˈaɪv tə zˈiəɹoʊ wˈʌn",
        "tˈuː θˈaʊzənd twˈɛnti sˈɪks dˈæʃ zˈiəɹoʊ fˈaɪv dˈæʃ zˈiəɹoʊ wˈʌn",
        "May first , twenty twenty six",
    ),
    "10-12 mg": (
        "tˈɛn tə twˈɛlv ˌɛmdʒˈiː",
        "tˈɛn dˈæʃ twˈɛlv ˌɛmdʒˈiː",
        "ten twelve mg",
    ),
    "1,5": (
        "fˈɪftiːn",
        "wˈʌn fˈaɪv",
        "fifteen",
    ),
    "$2.5 million": (
        "tˈuː pˈɔɪnt fˈaɪv mˈɪliən dˈɑːlɚz",
        "dˈɑːlɚ tˈuː pɔɪnt fˈaɪv mˈɪliən",
        "two dollars fifty cents million",
    ),
}
command = ["node", "say.mjs", json.dumps(list(TEXTS))]
script = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
python = Tokenizer()

def words(text):
    return " ".join(word.text for sentence in gruut.sentences(text, lang="en-us") for word in sentence)

seen = {text: (by_script, python.phonemize(text, "en-us"), words(text)) for text, by_script in zip(TEXTS, script)}
for text, row in seen.items():
    print(f"  {text}")
    for name, said in zip(("kokoro-js", "kokoro-onnx", "gruut"), row):
        print(f"    {name:13}{said}")
for text, then in TEXTS.items():
    if seen[text] != then:
        sys.exit(f"CHANGED: {text}: was {then}, is {seen[text]}")
print("as found")
PY
venv/bin/python check.py
