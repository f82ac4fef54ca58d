#!/bin/sh
# A hyphen at the end of a line of a PDF: a range, a date, a part number. Three libraries, and the text a model gets.
#
# Guess:   a reader keeps the hyphen and the new line, or joins the halves of a word that was divided. It joins letters
#          only: 2020-2024 is no divided word.
# Reality: pymupdf4llm drops the hyphen and joins whatever stands around it: pages 10-20 are page 1020, the years
#          2020-2024 are 20202024, 2024-03-05 is 202403-05, part AB-1200 is AB1200, non-payment is nonpayment. After a
#          single letter or digit it keeps the hyphen and makes a space of the new line (F- 35); without its layout
#          model it joins these too, and 3-4 is 34. PyMuPDF's own get_text() keeps all, but its search joins: on that
#          page search_for("AB-1200") finds nothing, and search_for("AB1200") finds it. PDFium keeps the hyphen after
#          a digit; after a letter it puts U+FFFE, which no font shows, for hyphen and new line, so that AB1200 and
#          nonpayment are what one sees. pdfplumber keeps what is there.
# Seen with pymupdf4llm and pymupdf 2.0, pypdfium2 5.15.2, pdfplumber 0.11.10 (page by reportlab 5.1.0): the rows below.
# So:      numbers and codes of a page are not safe where a line ends, and the wrong one looks right. Take such a value
#          from get_text(), which keeps the line's end. Replace U+FFFE by a hyphen. To find a code search for it without
#          its hyphens too.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pymupdf4llm==2.0 pymupdf==2.0 pymupdf_layout==2.0 pypdfium2==5.15.2 pdfplumber==0.11.10 reportlab==5.1.0
cat >check.py <<'PY'
import contextlib, io, os, re, sys
import pdfplumber, pymupdf, pypdfium2
from reportlab.pdfgen import canvas
with contextlib.redirect_stdout(io.StringIO()):
    import pymupdf4llm
pymupdf.set_messages(path=os.devnull)

# Two lines -> what pymupdf4llm with and without its layout model and PDFium read (~ is U+FFFE, / a new line).
CASES = {
    "pages 10-/20": ("pages 1020", "pages 1020", "pages 10-/20"),
    "years 2020-/2024": ("years 20202024", "years 20202024", "years 2020-/2024"),
    "on 2024-/03-05": ("on 202403-05", "on 202403-05", "on 2024-/03-05"),
    "call 555-/0199": ("call 5550199", "call 5550199", "call 555-/0199"),
    "part AB-/1200": ("part AB1200", "part AB1200", "part AB~1200"),
    "of non-/payment": ("of nonpayment", "of nonpayment", "of non~payment"),
    "the instal-/lation": ("the installation", "the installation", "the instal~lation"),
    "model F-/35": ("model F- 35", "model F35", "model F~35"),
    "for 3-/4": ("for 3- 4", "for 34", "for 3-/4"),
}
pages = canvas.Canvas("pages.pdf", pagesize=(400, 200))
for case in CASES:
    first, second = case.split("/")
    pages.drawString(40, 150, f"The text of this line tells {first}")
    pages.drawString(40, 138, f"{second} of it, and goes on for a while.")
    pages.showPage()
pages.save()

def cut(text):
    found = re.search(r"tells (.*?) of it", text, re.DOTALL)[1]
    return re.sub(r"\r?\n", "/", found).replace("\ufffe", "~")

def for_models(page, layout):
    pymupdf4llm.use_layout(layout)
    return pymupdf4llm.to_markdown("pages.pdf", pages=[page], show_progress=False)

fitz, pdfium, plumber = pymupdf.open("pages.pdf"), pypdfium2.PdfDocument("pages.pdf"), pdfplumber.open("pages.pdf")
READERS = {
    "pymupdf4llm": lambda page: for_models(page, True),
    "without layout": lambda page: for_models(page, False),
    "pypdfium2": lambda page: pdfium[page].get_textpage().get_text_range(),
    "pdfplumber": lambda page: plumber.pages[page].extract_text(),
    "pymupdf": lambda page: fitz[page].get_text(),
}
changed = None
for page, (case, expected) in enumerate(CASES.items()):
    with contextlib.redirect_stdout(io.StringIO()):
        seen = [cut(read(page)) for read in READERS.values()]
    print(f"  {case}")
    for name, text in zip(READERS, seen):
        print(f"      {name:16}{text}")
    if seen != [*expected, case, case] and not changed:
        changed = f"{case}: was {expected}, is {seen}"
words = fitz[list(CASES).index("part AB-/1200")]
found = [word for word in ("AB-1200", "AB1200") if words.search_for(word)]
print(f"  pymupdf's search_for finds {found}")
if found != ["AB1200"] and not changed:
    changed = f"search_for was ['AB1200'], is {found}"
if changed:
    sys.exit(f"CHANGED: {changed}")
print("as found")
PY
venv/bin/python -W ignore check.py
