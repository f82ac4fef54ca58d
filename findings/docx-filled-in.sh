#!/bin/sh
# A Word template that somebody filled in: the text of its fields and content controls, as six readers give it.
#
# Guess:   what stands on the page is in the text. Of a field each reader gives the result that Word has stored, of a
#          content control what was written into it, and of a ticked box a mark.
# Reality: python-docx gives "Tenant: ." for "Tenant: Alice Meier.", leaves a paragraph in a control out altogether,
#          shows no ticked box, and of a table it has neither a row nor a cell that is in a control: one cell is left
#          of four. A stored result is there or not by how the field is written: "Total: 1250 euros" with the short
#          form (w:fldSimple) is "Total: euros" in python-docx, mammoth, pandoc and markitdown, and right with the long
#          form. mammoth shows no ticked box either. docx2txt and docx2python have all of these. Five of six give the
#          hint of a control that nobody filled in as if it were its text, and docx2txt makes "5C" of 5 degrees C that
#          Word has as a symbol.
# Seen with python-docx 1.2.0, mammoth 1.13.0, docx2txt 0.9, docx2python 3.7.1, pypandoc_binary 1.17, markitdown 0.1.9:
# the rows printed below.
# So:      for forms do not use document.paragraphs of python-docx: take the w:t of the whole body in their order, and
#          leave out controls with w:showingPlcHdr. Look for sentences with a hole in them ("Total: euros") before a
#          model is asked about the amount: it will find one elsewhere.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check python-docx==1.2.0 mammoth==1.13.0 docx2txt==0.9 docx2python==3.7.1 pypandoc_binary==1.17 "markitdown[docx]==0.1.9"
cat >check.py <<'PY'
import re, sys
import docx, docx2txt, mammoth, pypandoc
from docx.oxml import parse_xml
from docx2python import docx2python
from markitdown import MarkItDown

SPACES = ('xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
          'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"')

def run(text):
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'

def control(content, properties=""):
    return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"

def box(ticked):
    return control(run("☒" if ticked else "☐"), f'<w14:checkbox><w14:checked w14:val="{ticked}"/></w14:checkbox>')

def long_field(result):
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'.format
    return mark("begin") + "<w:r><w:instrText> =SUM(ABOVE) </w:instrText></w:r>" + mark("separate") + run(result) + mark("end")

def cell(text):
    return f"<w:tc><w:p>{run(text)}</w:p></w:tc>"

BODY = [
    f'<w:p>{run("Total: ")}<w:fldSimple w:instr=" =SUM(ABOVE) ">{run("1250")}</w:fldSimple>{run(" euros.")}</w:p>',
    f'<w:p>{run("Deposit: ")}{long_field("3400")}{run(" euros.")}</w:p>',
    f'<w:p>{run("Tenant: ")}{control(run("Alice Meier"))}{run(".")}</w:p>',
    control(f'<w:p>{run("Pets are not allowed.")}</w:p>'),
    f'<w:p>{box(1)}{run(" furnished")}</w:p>',
    f'<w:p>{run("Floor: ")}{control(run("Click to enter text."), "<w:showingPlcHdr/>")}</w:p>',
    f'<w:p>{run("Keep at 5")}<w:r><w:sym w:font="Symbol" w:char="F0B0"/></w:r>{run("C.")}</w:p>',
    f'<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid><w:tr>{cell("Rent")}{control(cell("950"))}</w:tr>'
    + control(f'<w:tr>{cell("Heating")}{cell("120")}</w:tr>') + "</w:tbl>",
]
document = docx.Document()
for block in BODY:
    document.element.body.sectPr.addprevious(parse_xml(re.sub(r"^<w:\w+", rf"\g<0> {SPACES}", block)))
document.save("lease.docx")

def by_python_docx():
    lease = docx.Document("lease.docx")
    cells = [cell.text for table in lease.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in lease.paragraphs), *cells])

READERS = {
    "python-docx": by_python_docx,
    "mammoth": lambda: mammoth.extract_raw_text("lease.docx").value,
    "docx2txt": lambda: docx2txt.process("lease.docx"),
    "docx2python": lambda: docx2python("lease.docx").text,
    "pandoc": lambda: pypandoc.convert_file("lease.docx", "plain", extra_args=["--wrap=none"]),
    "markitdown": lambda: MarkItDown().convert("lease.docx").text_content,
}
# What stands on the page, as a pattern, and the readers that give it.
PAGE = {
    "Total: 1250 euros": (r"Total: +1250 euros", "docx2txt docx2python"),
    "Deposit: 3400 euros": (r"Deposit: +3400 euros", " ".join(READERS)),
    "Tenant: Alice Meier.": (r"Tenant: +Alice Meier\.", "mammoth docx2txt docx2python pandoc markitdown"),
    "Pets are not allowed.": (r"Pets are not allowed\.", "mammoth docx2txt docx2python pandoc markitdown"),
    "a ticked box": (r"(☒|\[x\]) +furnished", "docx2txt docx2python pandoc markitdown"),
    "Keep at 5 degrees C": (r"5(°|.*&#x00B0;.*)C\.", "mammoth docx2python pandoc markitdown"),
    "the row of Rent, 950": (r"Rent[\s|]+950", "mammoth docx2txt docx2python pandoc markitdown"),
    "the row of Heating, 120": (r"Heating[\s|]+120", "mammoth docx2txt docx2python pandoc markitdown"),
    "no hint for the empty control": (r"Floor: *(?!.*Click)(\n|$)", "python-docx"),
}
texts = {name: reader() for name, reader in READERS.items()}
changed = []
for what, (pattern, expected) in PAGE.items():
    seen = " ".join(name for name, text in texts.items() if re.search(pattern, text))
    print(f"  {what:31}{seen}")
    if seen != expected:
        changed.append(f"{what}: was {expected!r}, is {seen!r}")
if changed:
    sys.exit("CHANGED: " + "\n         ".join(changed))
print("as found")
PY
venv/bin/python -W ignore check.py
