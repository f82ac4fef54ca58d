#!/bin/sh
# What of a spreadsheet's cells reaches a model: markitdown beside openpyxl and calamine.
#
# Guess:   a converter to Markdown shows what the cells hold. Where it changes something, text cells at least stay
#          as they are; one empty cell changes that cell and no other.
# Reality: markitdown passes a sheet through a table of pandas, which guesses one type for each COLUMN, from text too.
#          1. A column of text cells that all look like numbers becomes numbers: 007 is 7, version 1.10 is 1.1,
#             part 2E3 is 2000.0, +49123 is 49123. One cell such as x in the same column, and all stay text.
#          2. One empty cell makes whole numbers of 16 digits floating, and shown with seven: two accounts that
#             differ become the same 4.000123e+15. Without the empty cell all digits are there.
#          3. One price of a million beside a very small one turns 12 into 1.200000e+01.
#          4. The text NA (Namibia) is NaN, as an empty cell is.
#          openpyxl and python-calamine give all of these cells as they were stored.
# Seen with markitdown 0.1.9 (pandas 3.1.1), openpyxl 3.1.5, python-calamine 0.9.1: the rows printed below.
# So:      storing numbers as text, the usual cure, does not help with this reader. Read sheets that have accounts,
#          order codes, versions or phone numbers with a reader that gives cells one by one, and write the table
#          yourself. A reader's test needs an empty cell and a column of digits that are not a number.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
    'markitdown[xlsx]==0.1.9' pandas==3.1.1 openpyxl==3.1.5 python-calamine==0.9.1
cat >check.py <<'PY'
import sys
import openpyxl
from markitdown import MarkItDown
from python_calamine import CalamineWorkbook

COLUMNS = {
    "text 007 008": ["007", "008"],
    "text 007 008 x": ["007", "008", "x"],
    "text 1.10 1.20": ["1.10", "1.20"],
    "text 2E3": ["2E3"],
    "text +49123 +49124": ["+49123", "+49124"],
    "text NA DE": ["NA", "DE"],
    "two accounts": [4000123412341234, 4000123412345678],
    "two accounts, one empty": [4000123412341234, None, 4000123412345678],
    "12, a million, very small": [12, 1000000.5, 0.00001],
}

def markitdown(path):
    lines = MarkItDown().convert(path).text_content.splitlines()
    return [line.split("|")[2].strip() for line in lines[3:]]

def calamine(path):
    return [row[1] for row in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[1:]]

def by_openpyxl(path):
    return [row[1] for row in list(openpyxl.load_workbook(path, data_only=True).active.values)[1:]]

seen, others = {}, []
for name, cells in COLUMNS.items():
    book = openpyxl.Workbook()
    book.active.append(["row", "value"])
    for number, cell in enumerate(cells):
        book.active.append([f"row {number}", cell])
    book.save("sheet.xlsx")
    seen[name] = " ".join(markitdown("sheet.xlsx"))
    if by_openpyxl("sheet.xlsx") != cells or calamine("sheet.xlsx") != ["" if cell is None else cell for cell in cells]:
        others.append(name)
seen["openpyxl and calamine changed"] = ", ".join(others) or "nothing"
expected = {
    "text 007 008": "7 8",
    "text 007 008 x": "007 008 x",
    "text 1.10 1.20": "1.1 1.2",
    "text 2E3": "2000.0",
    "text +49123 +49124": "49123 49124",
    "text NA DE": "NaN DE",
    "two accounts": "4000123412341234 4000123412345678",
    "two accounts, one empty": "4.000123e+15 NaN 4.000123e+15",
    "12, a million, very small": "1.200000e+01 1.000000e+06 1.000000e-05",
    "openpyxl and calamine changed": "nothing",
}
for name, value in seen.items():
    print(f"  {name:31}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
