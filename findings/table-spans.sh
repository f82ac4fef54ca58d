#!/bin/sh
# A price list whose first column joins two rows, on its way from Word or a web page to Markdown.
#
# Guess:   Markdown's tables have no joined cells, so a converter repeats the text or leaves a cell empty: the other
#          cells stay under their headers. They know colspan, at least in part, so they know rowspan.
# Reality: markdownify (by which markitdown reads Word files and pages), html2text and turndown's GFM plugin leave the
#          joined cell out and put nothing in its place: the next row begins one column to the left. "M" stands under
#          Plan and the price 9 under Size. A colspan is filled up by markdownify and turndown; html2text ignores it,
#          so 90 stands under Size. Under a header of two storeys each number stands under the wrong quarter. Each
#          result is a well-formed table. mammoth writes the rowspan of a Word file correctly, and markdownify drops
#          it; python-docx alone repeats the text of a joined cell in each row.
# Seen with markdownify 1.2.3, html2text 2025.4.15, mammoth 1.13.0, python-docx 1.2.0, turndown 7.2.5,
#          @truto/turndown-plugin-gfm 1.0.3: the rows printed below.
# So:      a model asked for the price of Basic M reads that M is a plan of size 9. Before such a converter runs,
#          replace each joined cell by copies, and test with one table that has a joined cell in its first column.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
    markdownify==1.2.3 html2text==2025.4.15 mammoth==1.13.0 python-docx==1.2.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts turndown@7.2.5 @truto/turndown-plugin-gfm@1.0.3
cat >read.cjs <<'JS'
const Turndown = require("turndown");
const { gfm } = require("@truto/turndown-plugin-gfm");
const service = new Turndown();
service.use(gfm);
console.log(JSON.stringify(JSON.parse(process.argv[2]).map((page) => service.turndown(page))));
JS
cat >check.py <<'PY'
import io, json, subprocess, sys
import docx, html2text, mammoth, markdownify

HEAD = "<tr><th>Plan</th><th>Size</th><th>Price</th></tr>"
PAGES = {
    "rowspan": f"<table>{HEAD}<tr><td rowspan=2>Basic</td><td>S</td><td>5</td></tr>"
               "<tr><td>M</td><td>9</td></tr></table>",
    "colspan": f"<table>{HEAD}<tr><td>Basic</td><td>S</td><td>5</td></tr>"
               "<tr><td colspan=2>Any</td><td>90</td></tr></table>",
    "two storeys": "<table><tr><th rowspan=2>City</th><th colspan=2>2025</th></tr><tr><th>Q1</th><th>Q2</th></tr>"
                   "<tr><td>Bonn</td><td>1</td><td>2</td></tr></table>",
}

def word_file():
    document = docx.Document()
    table = document.add_table(rows=3, cols=3)
    for row, texts in enumerate((["Plan", "Size", "Price"], ["Basic", "S", "5"], ["", "M", "9"])):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0)).text = "Basic"
    file = io.BytesIO()
    document.save(file)
    return file

def rows(markdown):
    """The rows that have words, their cells with a stroke between them."""
    lines = [line.strip().strip("|") for line in markdown.splitlines() if "|" in line and set(line) - set("|-: ")]
    return " / ".join("|".join(cell.strip() for cell in line.split("|")) for line in lines)

command = ["node", "read.cjs", json.dumps(list(PAGES.values()))]
turned = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
seen = {}
for (name, page), by_turndown in zip(PAGES.items(), turned):
    seen[f"{name}: markdownify"] = rows(markdownify.markdownify(page))
    seen[f"{name}: html2text"] = rows(html2text.html2text(page))
    seen[f"{name}: turndown"] = rows(by_turndown)
html = mammoth.convert_to_html(word_file()).value
seen["Word file: mammoth's HTML has rowspan"] = str('rowspan="2"' in html)
seen["Word file: mammoth, markdownify"] = rows(markdownify.markdownify(html))
table = docx.Document(word_file()).tables[0]
seen["Word file: python-docx"] = " / ".join("|".join(cell.text for cell in row.cells) for row in table.rows)
shifted = "Plan|Size|Price / Basic|S|5 / M|9"
expected = {
    "rowspan: markdownify": shifted,
    "rowspan: html2text": shifted,
    "rowspan: turndown": shifted,
    "colspan: markdownify": "Plan|Size|Price / Basic|S|5 / Any||90",
    "colspan: html2text": "Plan|Size|Price / Basic|S|5 / Any|90",
    "colspan: turndown": "Plan|Size|Price / Basic|S|5 / Any||90",
    "two storeys: markdownify": "City|2025| / Q1|Q2 / Bonn|1|2",
    "two storeys: html2text": "City|2025 / Q1|Q2 / Bonn|1|2",
    "two storeys: turndown": "City|2025| / Q1|Q2 / Bonn|1|2",
    "Word file: mammoth's HTML has rowspan": "True",
    "Word file: mammoth, markdownify": shifted,
    "Word file: python-docx": "Plan|Size|Price / Basic|S|5 / Basic|M|9",
}
for name, value in seen.items():
    print(f"  {name:39}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
