#!/bin/sh
# A model's answers in a spreadsheet, written by openpyxl and XlsxWriter, read by openpyxl and python-calamine.
#
# Guess:   what is handed over as a Python text is a text in the file: "=> 5", an answer that begins with a sign of
#          equality, is read back as it was written, or is marked as an error.
# Reality: both writers make a formula of it. openpyxl stores no result, so its reader with data_only gives None and
#          calamine an empty text. XlsxWriter stores the result 0, so the answer "= 42" is read as the number 0, which
#          looks like an answer. XlsxWriter also takes {...} that begins with {= for a formula, and mailto:a@b.c comes
#          back as a@b.c. calamine reads the text "#N/A" of openpyxl as empty, and of XlsxWriter as written.
# Seen with openpyxl 3.1.5, XlsxWriter 3.3.1, python-calamine 0.9.1: the rows printed below.
# So:      a table of answers for people to grade has zeros and gaps where the model wrote "= 42" or "=> yes", and
#          whoever averages it counts a 0. Turn the reading of texts off: data_type = "s" for a cell of openpyxl,
#          strings_to_formulas and strings_to_urls = False for XlsxWriter (last rows), and compare a sheet with what
#          was to be written.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check openpyxl==3.1.5 XlsxWriter==3.3.1 python-calamine==0.9.1
cat >check.py <<'PY'
import io, sys
import openpyxl, xlsxwriter
from python_calamine import CalamineWorkbook

ANSWERS = ["=> 5", "= 42", "{=1}", "mailto:a@b.c", "#N/A", "-5"]

def by_openpyxl(as_text=False):
    book = openpyxl.Workbook()
    for row, answer in enumerate(ANSWERS, 1):
        cell = book.active.cell(row, 1)
        cell.value = answer
        if as_text:
            cell.data_type = "s"
    file = io.BytesIO()
    book.save(file)
    return file

def by_xlsxwriter(**options):
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, options)
    sheet = book.add_worksheet()
    for row, answer in enumerate(ANSWERS):
        sheet.write(row, 0, answer)
    book.close()
    return file

def read(file):
    """Each answer as openpyxl reads it and as calamine does."""
    sheet = openpyxl.load_workbook(file, data_only=True).active
    file.seek(0)
    rows = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python(skip_empty_area=False)
    other = [row[0] for row in rows] + [""] * (len(ANSWERS) - len(rows))
    return [(sheet.cell(row, 1).value, value) for row, value in enumerate(other, 1)]

seen = {
    "openpyxl": read(by_openpyxl()),
    "XlsxWriter": read(by_xlsxwriter()),
    "openpyxl, data_type s": read(by_openpyxl(as_text=True)),
    "XlsxWriter, both off": read(by_xlsxwriter(strings_to_formulas=False, strings_to_urls=False)),
}
kept = [(answer, answer) for answer in ANSWERS]
expected = {
    "openpyxl": [(None, ""), (None, ""), *kept[2:4], ("#N/A", ""), kept[5]],
    "XlsxWriter": [(0, 0.0), (0, 0.0), (0, 0.0), ("a@b.c", "a@b.c"), *kept[4:]],
    "openpyxl, data_type s": kept,
    "XlsxWriter, both off": kept,
}
print(f"  {'written by':23}" + "".join(f"{answer:16}" for answer in ANSWERS))
for name, pairs in seen.items():
    told = [repr(one) if one == other else f"{one!r}, {other!r}" for one, other in pairs]
    print(f"  {name:23}" + "".join(f"{text:16}" for text in told))
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
