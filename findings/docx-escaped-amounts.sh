#!/bin/sh
# An amount in a Word document, made Markdown by three converters and read by two readers of amounts.
#
# Guess:   Markdown escapes a full stop only where it would begin a list ("1."), so an amount inside a line stays as it
#          stands, and which converter made the Markdown does not matter to who looks for amounts in it.
# Reality: mammoth escapes every full stop, dash, plus and bracket, wherever it stands: 1,250\.50 euros, 2026\-03\-01.
#          Shown as a page that looks the same; a program that reads the text itself is not told: price-parser takes
#          1250 for 1,250.50, and quantulum3 half a euro; 12.75 kg are 0.75 kg, and of a date it makes two numbers
#          below zero. markitdown, which has mammoth inside, and pandoc write 1,250.50, and both readers are right.
# Seen with mammoth 1.13.0, markitdown 0.1.9, pandoc of pypandoc_binary 1.17, python-docx 1.2.0, price-parser 0.5.1,
#          quantulum3 0.10.0: the rows below.
# So:      do not look for numbers, dates or quotations in mammoth's Markdown: take its HTML and make text of that, or
#          undo the escapes first. A check that an answer "stands in the source" fails on each number with a point.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
    python-docx==1.2.0 mammoth==1.13.0 'markitdown[docx]==0.1.9' pypandoc_binary==1.17 \
    price-parser==0.5.1 quantulum3==0.10.0
cat >check.py <<'PY'
import sys, warnings

warnings.simplefilter("ignore")
import docx, mammoth, pypandoc
from markitdown import MarkItDown
from price_parser import Price
from quantulum3 import parser

LINES = ["Total: 1,250.50 euros", "Due on 2026-03-01", "Net 12.75 kg"]
document = docx.Document()
for line in LINES:
    document.add_paragraph(line)
document.save("bill.docx")

CONVERTERS = {
    "mammoth": lambda path: mammoth.convert_to_markdown(path).value,
    "markitdown": lambda path: MarkItDown().convert(path).text_content,
    "pandoc": lambda path: pypandoc.convert_file(path, "gfm"),
}

def quantities(line):
    return ", ".join(f"{found.value:g} {found.unit.name}" for found in parser.parse(line)) or "none"

seen = {}
for name, convert in CONVERTERS.items():
    total, due, net = (line for line in convert("bill.docx").splitlines() if line.strip())
    seen[f"{name}: the lines"] = f"{total} | {due} | {net}"
    seen[f"{name}: price-parser"] = f"{Price.fromstring(total).amount}"
    seen[f"{name}: quantulum3"] = " | ".join(map(quantities, (total, due, net)))
right = "1250.5 euro | none | 12.75 kilogram"
plain = " | ".join(LINES)
expected = {
    "mammoth: the lines": r"Total: 1,250\.50 euros | Due on 2026\-03\-01 | Net 12\.75 kg",
    "mammoth: price-parser": "1250",
    "mammoth: quantulum3": "1250 dimensionless, 0.5 euro | 2026 dimensionless, -3 dimensionless, -1 dimensionless"
    " | 12 dimensionless, 0.75 kilogram",
    "markitdown: the lines": plain, "markitdown: price-parser": "1250.50", "markitdown: quantulum3": right,
    "pandoc: the lines": plain, "pandoc: price-parser": "1250.50", "pandoc: quantulum3": right,
}
for name, value in seen.items():
    print(f"  {name:26}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
