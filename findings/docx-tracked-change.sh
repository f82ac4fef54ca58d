#!/bin/sh
# A sentence with a tracked change, in the usual readers of Word documents.
#
# Guess:   where "500 euros" was changed to "700 euros" with changes tracked, every reader gives the new text, or the
#          old one, or both.
# Reality: python-docx gives neither: paragraph.text is "The fee is  a month." An insertion is not among what
#          `text` and `runs` look at, a deletion is kept under another name. So with a reviewed draft each changed
#          word becomes a hole, and the sentence around each hole stays whole. Values of content controls
#          (the fields of forms) and the results of simple fields are left out too. No warning, no error.
#          docx2txt and mammoth (and with it markitdown) give the new text and the content control; of the field
#          only docx2txt gives the result.
# Seen with python-docx 1.2.0, docx2txt 0.9, mammoth 1.13.0: the rows printed below.
# So:      contracts reach a model in just this state. Do not read them with paragraph.text; or look for w:ins, w:sdt
#          and w:fldSimple and say that the document has them. A test document typed by python-docx itself has none
#          of these, so a test made that way cannot find the fault.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check python-docx==1.2.0 docx2txt==0.9 mammoth==1.13.0
cat >check.py <<'PY'
import sys
import docx, docx2txt, mammoth
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

BY = 'w:id="%d" w:author="Ann" w:date="2024-01-04T00:00:00Z"'
PARTS = {
    "tracked change": [
        ("w:del", BY % 1, '<w:r><w:delText xml:space="preserve">500 euros</w:delText></w:r>'),
        ("w:ins", BY % 2, '<w:r><w:t xml:space="preserve">700 euros</w:t></w:r>'),
    ],
    "content control": [("w:sdt", "", "<w:sdtContent><w:r><w:t>700 euros</w:t></w:r></w:sdtContent>")],
    "simple field": [("w:fldSimple", 'w:instr="DOCPROPERTY fee"', "<w:r><w:t>700 euros</w:t></w:r>")],
}
READERS = {
    "python-docx": lambda path: "".join(paragraph.text for paragraph in docx.Document(path).paragraphs),
    "docx2txt": lambda path: docx2txt.process(path).strip(),
    "mammoth": lambda path: mammoth.extract_raw_text(open(path, "rb")).value.strip(),
}
seen = {}
for name, parts in PARTS.items():
    document = docx.Document()
    paragraph = document.add_paragraph("The fee is ")
    for tag, attributes, inside in parts:
        paragraph._p.append(parse_xml(f"<{tag} {nsdecls('w')} {attributes}>{inside}</{tag}>"))
    paragraph.add_run(" a month.")
    document.save("draft.docx")
    for reader, read in READERS.items():
        seen[f"{name}, {reader}"] = read("draft.docx")
HOLE, NEW = "The fee is  a month.", "The fee is 700 euros a month."
expected = {
    "tracked change, python-docx": HOLE,
    "tracked change, docx2txt": NEW,
    "tracked change, mammoth": NEW,
    "content control, python-docx": HOLE,
    "content control, docx2txt": NEW,
    "content control, mammoth": NEW,
    "simple field, python-docx": HOLE,
    "simple field, docx2txt": NEW,
    "simple field, mammoth": HOLE,
}
for name, value in seen.items():
    print(f"  {name:30}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
