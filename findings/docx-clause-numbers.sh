#!/bin/sh
# The numbers of a contract's clauses in a Word document, in four readers.
#
# Guess:   Word keeps numbers of paragraphs as a rule, not as text, and a reader that follows the rule gives what Word
#          prints: "Article II", "2.2", "(b)". Pandoc and docx2python do; a list goes on after a paragraph of text.
# Reality: none of the four gives 2.2. Pandoc and docx2python give 2 for it, 1 for 1.1 and again 1 for 2.1; where a
#          paragraph of text stands between, pandoc and docx2python go on with 2, mammoth begins again with 1. The word
#          Article is left out by all. docx2python writes b) for (b), mammoth 2. A list numbered by its STYLE,
#          as Word's own "List Number" is, has no number at all in docx2python, and in mammoth the third clause,
#          after a paragraph, is number 1. python-docx gives no number of either list.
# Seen with python-docx 1.2.0, mammoth 1.13.0, docx2python 3.7.1, pandoc of pypandoc_binary 1.17: the rows below.
# So:      "see 2.2" in such a document points to nothing, or to another clause, and a model that is asked for clause 3
#          quotes clause 1. Compute the numbers from numbering.xml (lvlText with %1.%2, by style too), or convert with
#          a word processor, and put them into the text. A test document needs three levels, a list that is
#          interrupted, and a list that is numbered by its style.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
    python-docx==1.2.0 mammoth==1.13.0 docx2python==3.7.1 pypandoc_binary==1.17
cat >check.py <<'PY'
import re, sys
import docx, mammoth, pypandoc
from docx2python import docx2python
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

# Level by level: the number's form, and the text that Word prints for it.
LEVELS = [("upperRoman", "Article %1"), ("decimal", "%1.%2"), ("lowerLetter", "(%3)")]
# The clauses of a contract, their levels, and what Word prints before them. No level: a paragraph of plain text.
CONTRACT = [
    ("Subject", 0, "Article I"), ("What is sold", 1, "1.1"), ("Who is bound", 1, "1.2"), ("the buyer", 2, "(a)"),
    ("the seller", 2, "(b)"), ("Price", 0, "Article II"), ("The fee", 1, "2.1"), ("It grows each year.", None, ""),
    ("The rate", 1, "2.2"),
]
STYLED = [("Subject", 0, "1."), ("Term", 0, "2."), ("It is one year.", None, ""), ("Price", 0, "3.")]

def contract(path):
    document = docx.Document()
    levels = "".join(
        f'<w:lvl w:ilvl="{number}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        + ("<w:isLgl/>" if number == 1 else "") + f'<w:lvlText w:val="{text}"/></w:lvl>'
        for number, (form, text) in enumerate(LEVELS))
    numbering = document.part.numbering_part.element
    numbering.insert(0, parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77"><w:multiLevelType w:val="multilevel"/>{levels}'
        "</w:abstractNum>"))
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    for text, level, _ in CONTRACT:
        paragraph = document.add_paragraph(text)
        if level is not None:
            paragraph._p.get_or_add_pPr().append(parse_xml(
                f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="77"/></w:numPr>'))
    document.save(path)

def styled(path):
    document = docx.Document()
    for text, level, _ in STYLED:
        document.add_paragraph(text, style=None if level is None else "List Number")
    document.save(path)

def by_docx2python(path):
    with docx2python(path) as document:
        return document.text

READERS = {
    "python-docx": lambda path: "\n".join(paragraph.text for paragraph in docx.Document(path).paragraphs),
    "mammoth": lambda path: mammoth.convert_to_markdown(path).value,
    "docx2python": by_docx2python,
    "pandoc": lambda path: pypandoc.convert_file(path, "plain"),
}

def number(text, clause):
    """What stands before a clause in its line, without blanks and without mammoth's bullet."""
    line = next(line for line in text.splitlines() if clause in line)
    return re.sub(r"^-\s*", "", line[: line.index(clause)].strip()) or "none"

seen = {}
contract("contract.docx")
styled("styled.docx")
for path, clauses in (("contract.docx", CONTRACT), ("styled.docx", STYLED)):
    seen[f"{path}: printed"] = " | ".join(printed for _, level, printed in clauses if level is not None)
    for name, read in READERS.items():
        text = read(path)
        seen[f"{path}: {name}"] = " | ".join(number(text, clause) for clause, level, _ in clauses if level is not None)
expected = {
    "contract.docx: python-docx": "none | none | none | none | none | none | none | none",
    "contract.docx: mammoth": "1. | 1. | 2. | 1. | 2. | 2. | 1. | 1.",
    "contract.docx: docx2python": "I) | 1) | 2) | a) | b) | II) | 1) | 2)",
    "contract.docx: pandoc": "I. | 1. | 2. | (a) | (b) | II. | 1. | 2.",
    "styled.docx: python-docx": "none | none | none",
    "styled.docx: mammoth": "1. | 2. | 1.",
    "styled.docx: docx2python": "none | none | none",
    "styled.docx: pandoc": "1. | 2. | 3.",
}
for name, value in seen.items():
    print(f"  {name:28}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
