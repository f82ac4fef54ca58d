#!/bin/sh
# The amounts of a table in a PDF, by two versions of PyMuPDF and by pdfplumber.
#
# Guess:   readers of PDF tables find the same cells, empty and joined ones too, and keep the minus of an amount. The
#          older version was tried after the first rows were seen.
# Reality: in PyMuPDF 2.0 `extract()`, and with it `to_pandas()`, lifts the point, the comma and the minus out of the
#          number and puts them on a line below: 3.00 is "300" and ".", and -1,107.25 is "110725" and "- , ."; "50 g"
#          is "50g". In a page that PyMuPDF wrote itself they leave a blank, 3.00 is "3 00". `to_markdown()` of the very
#          same table is right, and so are the page's text, PyMuPDF 1.28.2 and pdfplumber. A reader of prices makes
#          300 and 110725 of the cells, without an error.
# Seen with pymupdf 2.0 and 1.28.2, pdfplumber 0.11.10, price-parser 0.5.1, reportlab 5.0.1: the rows printed below.
# So:      every amount with cents is a hundred times as large, and its minus stands on another line. Look at one known
#          amount after an update of a reader, not only at the number of rows. With 2.0 take the cells from to_markdown(),
#          or the text of each cell by its box with get_text(clip=...).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv new
new/bin/pip install -q --disable-pip-version-check \
    pymupdf==2.0 pdfplumber==0.11.10 reportlab==5.0.1 price-parser==0.5.1 pandas==3.1.1
python3 -m venv old
old/bin/pip install -q --disable-pip-version-check pymupdf==1.28.2
cat >cells.py <<'PY'
import contextlib, json, sys

with contextlib.redirect_stdout(sys.stderr):
    import pymupdf
    tables = {path: pymupdf.open(path)[0].find_tables().tables[0].extract() for path in sys.argv[1:]}
print(json.dumps(tables))
PY
cat >check.py <<'PY'
import contextlib, json, subprocess, sys

import pdfplumber, pymupdf
from price_parser import Price
from reportlab.lib import colors
from reportlab.platypus import SimpleDocTemplate, Table

ROWS = [("Item", "Size", "Price"), ("Tea", "50 g", "3.00"), ("Refund", "250 g", "-1,107.25")]

def by_reportlab(path):
    SimpleDocTemplate(path).build([Table(ROWS, colWidths=[90] * 3, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black)])])

def by_pymupdf(path):
    document = pymupdf.open()
    page = document.new_page()
    for row in range(len(ROWS) + 1):
        page.draw_line((50, 50 + 20 * row), (350, 50 + 20 * row))
    for column in range(4):
        page.draw_line((50 + 100 * column, 50), (50 + 100 * column, 50 + 20 * len(ROWS)))
    for row, cells in enumerate(ROWS):
        for column, cell in enumerate(cells):
            page.insert_text((55 + 100 * column, 64 + 20 * row), cell)
    document.save(path)

def markdown_rows(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "---" not in line and line]

def readings(path, old):
    page = pymupdf.open(path)[0]
    with contextlib.redirect_stdout(sys.stderr):
        table = page.find_tables().tables[0]
    with pdfplumber.open(path) as document:
        plumber = document.pages[0].extract_tables()[0]
    frame = table.to_pandas()
    return {
        "1.28.2 extract": old,
        "2.0 extract": table.extract(),
        "2.0 to_pandas": [list(frame.columns), *frame.values.tolist()],
        "2.0 to_markdown": markdown_rows(table.to_markdown()),
        "2.0 get_text(clip)": [[page.get_text(clip=cell).strip() for cell in row.cells] for row in table.rows],
        "pdfplumber": plumber,
    }

MAKERS = {"reportlab": by_reportlab, "PyMuPDF": by_pymupdf}
for name, make in MAKERS.items():
    make(f"{name}.pdf")
command = ["old/bin/python", "cells.py", *(f"{name}.pdf" for name in MAKERS)]
old = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
seen = {}
for name in MAKERS:
    for reader, rows in readings(f"{name}.pdf", old[f"{name}.pdf"]).items():
        amounts = [row[2] for row in rows[1:]]
        seen[f"{name}: {reader}"] = (rows[1][1], *amounts, *(float(Price.fromstring(amount).amount) for amount in amounts))
RIGHT = ("3.00", "-1,107.25", 3.0, 1107.25)
LIFTED = ("300\n.", "110725\n- , .", 300.0, 110725.0)
BLANKS = ("3 00\n.", "1 107 25\n- , .", 300.0, 110725.0)
expected = dict(zip(seen, [
    ("50 g", *RIGHT), ("50g", *LIFTED), ("50g", *LIFTED), ("50 g", *RIGHT), ("50 g", *RIGHT), ("50 g", *RIGHT),
    ("50 g", *RIGHT), ("50 g", *BLANKS), ("50 g", *BLANKS), ("50 g", *RIGHT), ("50 g", *RIGHT), ("50 g", *RIGHT),
]))
for name, (size, *cells) in seen.items():
    print(f"  {name:32}{size!r:10}{cells}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
new/bin/python check.py
