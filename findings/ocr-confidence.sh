#!/bin/sh
# What three readers of pictures make of a line of clean print, and how sure they say they are.
#
# Guess:   at 32 pixels, black on white, plain lines are read. A sign that a model was not made for is missing or is
#          one that looks like it, with a low confidence, so a threshold finds the lines that a person has to see.
# Reality: the confidence does not know. Tesseract is surer of the wrong "5 pg" for 5 µg (0.91) than of the right
#          "0.5 mg" (0.69), and reads "≤ 5" as "< 5" and "§ 5" as 85. RapidOCR's older package leaves out the euro sign
#          at 0.98 and makes 11/2 % of 1½ %; 10³ is 103 in both. In RapidOCR's newer package, with another model, all
#          that is right, but a ticked box and an empty one are both nothing, at 0.98.
# Seen with tesseract.js 7.0.0 and @tesseract.js-data/eng 1.0.0 (best_int), rapidocr-onnxruntime 1.4.4 (PP-OCRv4),
#          rapidocr 3.10.0 (PP-OCRv6): the rows printed below.
# So:      do not sort by confidence what a person checks: look for what the readers disagree about. Read doses, amounts
#          and boxes with two readers, and give what they disagree about to a person.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check rapidocr-onnxruntime==1.4.4 rapidocr==3.10.0 onnxruntime==1.32.0 \
    pillow==13.0.0 numpy==2.4.6
venv/bin/pip download -q --disable-pip-version-check --no-deps --only-binary=:all: matplotlib==3.10.7
venv/bin/python -m zipfile -e matplotlib-3.10.7-*.whl fonts
echo '{"name": "pictures", "version": "1.0.0", "private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts tesseract.js@7.0.0 @tesseract.js-data/eng@1.0.0
cat >tesseract.mjs <<'JS'
import { createWorker } from "tesseract.js";

const langPath = "node_modules/@tesseract.js-data/eng/4.0.0_best_int";
const worker = await createWorker("eng", 1, { langPath, cacheMethod: "none" });
const rows = [];
for (const path of process.argv.slice(2)) {
  const { data } = await worker.recognize(path);
  rows.push([data.text.trim(), data.confidence / 100]);
}
await worker.terminate();
console.log(JSON.stringify(rows));
JS
cat >check.py <<'PY'
import json, logging, subprocess, sys

import numpy, rapidocr, rapidocr_onnxruntime
from PIL import Image, ImageDraw, ImageFont
logging.disable(logging.CRITICAL)

FONT = ImageFont.truetype("fonts/matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf", 32)
MICRO, GREEK = "µ", "μ"    # Two signs that look alike; either is right.
# Line -> what Tesseract, the older and the newer RapidOCR read.
CASES = {
    "Take 5 µg twice a day":
        ("Take 5 pg twice a day", "Take 5 μg twice a day", "Take 5 μg twice a day"),
    "0.5 mg":
        ("0.5 mg", "0.5 mg", "0.5 mg"),
    "Area 25 m² and 10³ litres":
        ("Area 25 m2 and 103 litres", "Area 25 m2 and 103 litres", "Area 25 m² and 10³ litres"),
    "5 × 10⁶ cells":
        ("5 x 10° cells", "5 × 106 cells", "5 × 10⁶ cells"),
    "Temperature ≤ 5 °C":
        ("Temperature < 5 °C", "Temperature ≤ 5 °C", "Temperature ≤ 5 °C"),
    "Total € 1,250.00":
        ("Total € 1,250.00", "Total1,250.00", "Total € 1,250.00"),
    "Fee (1,250.00)":
        ("Fee (1,250.00)", "Fee (1,250.00)", "Fee (1,250.00)"),
    "Discount 1½ %":
        ("Discount 1%: %", "Discount 11/2%", "Discount 1½ %"),
    "Take ½ tablet":
        ("Take VY: tablet", "Take 1/2 tablet", "Take ½ tablet"),
    "☐ paid ☑ open":
        ("O paid [1 open", "口 paid  open", "paid  open"),
    "Order #12, § 5":
        ("Order #12,85", "Order #12, § 5", "Order #12, § 5"),
}
pictures = []
for place, line in enumerate(CASES):
    picture = Image.new("RGB", (900, 110), "white")
    ImageDraw.Draw(picture).text((30, 30), line, fill="black", font=FONT)
    picture.save(f"{place}.png")
    pictures.append(picture)

def joined(pieces):
    """The pieces of a line in one text, and the lowest of their confidences."""
    return " ".join(text for text, _ in pieces).strip(), min((float(score) for _, score in pieces), default=0.0)

command = ["node", "tesseract.mjs", *(f"{place}.png" for place in range(len(pictures)))]
tesseract = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
older, newer = rapidocr_onnxruntime.RapidOCR(), rapidocr.RapidOCR()
by_older = [joined([piece[1:] for piece in older(numpy.array(picture))[0] or []]) for picture in pictures]
by_newer = []
for picture in pictures:
    found = newer(numpy.array(picture))
    by_newer.append(joined(list(zip(found.txts or [], found.scores or []))))
seen = dict(zip(CASES, zip(map(tuple, tesseract), by_older, by_newer)))
for line, row in seen.items():
    print(f"  {line}")
    for name, (text, score) in zip(("Tesseract", "RapidOCR 1.4", "RapidOCR 3"), row):
        print(f"    {name:14}{score:.2f}  {text}{'' if text.replace(GREEK, MICRO) == line else '    (wrong)'}")
for line, then in CASES.items():
    now = tuple(text for text, _ in seen[line])
    if now != then:
        sys.exit(f"CHANGED: {line}: was {then}, is {now}")
scores = {(line, place): score for line, row in seen.items() for place, (_, score) in enumerate(row)}
if not scores["Take 5 µg twice a day", 0] > scores["0.5 mg", 0] + 0.1:
    sys.exit("CHANGED: Tesseract is surer of 0.5 mg than of 5 pg")
if not min(scores["Total € 1,250.00", 1], scores["☐ paid ☑ open", 2]) > 0.9:
    sys.exit("CHANGED: RapidOCR is no longer sure of what it left out")
print("as found")
PY
venv/bin/python -W ignore check.py
