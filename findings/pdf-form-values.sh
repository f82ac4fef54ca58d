#!/bin/sh
# A filled form in PDF, as text: what four readers give of its fields, and of words typed over a page.
#
# Guess:   what is filled in stands on the page for whoever opens it, so MuPDF and PDFium, which draw pages, give it as
#          text; pypdf and pdfplumber, which read what the page's own program prints, do not. About ticked boxes
#          there was no guess: they turned up among the trials.
# Reality: PDFium's text has none of it either. Three of the four give a filled form as the empty one, without a word,
#          and leave out words that a person typed over the page (a FreeText note, as viewers' "add text" makes it).
#          PyMuPDF gives names and choices, but behind all labels; with sort=True beside them. A ticked box is, by who
#          made the form, nothing at all (reportlab draws its tick) or the digit 3 (PyMuPDF writes a 3 in the font
#          ZapfDingbats, where that is a tick, and reads it back as 3): "Smoker: 3".
# Seen with pymupdf 2.0, pypdf 7.1.1, pdfplumber 0.11.10, pypdfium2 5.15.2, reportlab 5.1.0: the rows printed below.
# So:      a model is asked who signed, and is shown a form nobody filled in. Before the text, ask whether the file
#          has fields or notes (pypdf and PyMuPDF list both), and write them as lines "name: value", boxes as yes
#          or no. A text of a form from PyMuPDF needs sort=True, and a lone digit after a label may be a tick.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pymupdf==2.0 pypdf==7.1.1 pdfplumber==0.11.10 pypdfium2==5.15.2 reportlab==5.1.0
cat >check.py <<'PY'
import io, sys
import pdfplumber, pymupdf, pypdf, pypdfium2
from reportlab.pdfgen import canvas

def by_reportlab():
    """A name, a town to choose, a ticked box and an empty one."""
    file = io.BytesIO()
    page = canvas.Canvas(file)
    fields = page.acroForm
    for place, label in enumerate(("Name:", "Town:", "Smoker:", "Member:")):
        page.drawString(50, 760 - 30 * place, label)
    fields.textfield(name="Name", value="Ann Meier", x=150, y=755, width=120, height=20)
    fields.choice(name="Town", value="Basel", options=["Bern", "Basel"], x=150, y=725, width=120, height=20)
    fields.checkbox(name="Smoker", checked=True, buttonStyle="check", x=150, y=695)
    fields.checkbox(name="Member", checked=False, buttonStyle="check", x=150, y=665)
    page.save()
    return file.getvalue()

def by_pymupdf():
    """The same form, and words typed over the page."""
    document = pymupdf.open()
    page = document.new_page()
    filled = [
        ("Name", pymupdf.PDF_WIDGET_TYPE_TEXT, "Ann Meier"),
        ("Town", pymupdf.PDF_WIDGET_TYPE_COMBOBOX, "Basel"),
        ("Smoker", pymupdf.PDF_WIDGET_TYPE_CHECKBOX, True),
        ("Member", pymupdf.PDF_WIDGET_TYPE_CHECKBOX, False),
    ]
    for place, (name, kind, value) in enumerate(filled):
        base = 80 + 30 * place
        page.insert_text((50, base), f"{name}:")
        widget = pymupdf.Widget()
        widget.field_name, widget.field_type, widget.field_value = name, kind, value
        widget.rect = pymupdf.Rect(150, base - 14, 270, base + 4)
        if name == "Town":
            widget.choice_values = ["Bern", "Basel"]
        page.add_widget(widget)
    page.insert_text((50, 200), "Fee: 500 euros.")
    page.add_freetext_annot(pymupdf.Rect(150, 220, 270, 240), "Agreed: 450")
    return document.tobytes()

READERS = {
    "pypdf": lambda data: pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text(),
    "pdfplumber": lambda data: pdfplumber.open(io.BytesIO(data)).pages[0].extract_text(),
    "pdfium": lambda data: pypdfium2.PdfDocument(data)[0].get_textpage().get_text_range(),
    "pymupdf": lambda data: pymupdf.open(stream=data)[0].get_text(),
    "pymupdf, sorted": lambda data: pymupdf.open(stream=data)[0].get_text(sort=True),
}
seen = {}
for writer, data in (("reportlab", by_reportlab()), ("pymupdf", by_pymupdf())):
    for reader, read in READERS.items():
        seen[f"form of {writer}: {reader}"] = " ".join(read(data).split())
labels = "Name: Town: Smoker: Member:"
expected = dict(zip(seen, [
    labels, labels, labels, f"{labels} Ann Meier Basel", "Name: Ann Meier Town: Basel Smoker: Member:",
    f"{labels} Fee: 500 euros.", f"{labels} Fee: 500 euros.", f"{labels} Fee: 500 euros.",
    f"{labels} Fee: 500 euros. Agreed: 450 Ann Meier Basel 3",
    "Name: Ann Meier Town: Basel Smoker: 3 Member: Fee: 500 euros. Agreed: 450",
]))
for name, value in seen.items():
    print(f"  {name:36}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
