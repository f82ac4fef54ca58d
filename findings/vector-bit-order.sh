#!/bin/sh
# Vectors of one bit a number: made by numpy, sqlite-vec and faiss, and searched in one table.
#
# Guess:   a bit is 1 where the number is above 0, and eight of them make a byte in one order: what numpy (and with it
#          most embedding libraries) packed can be stored in sqlite-vec and be asked for with its own function.
# Reality: numpy.packbits puts the first number into the highest bit, vec_quantize_binary of sqlite-vec and faiss into
#          the lowest; and faiss has a 1 for 0.0 where the others have a 0. A table of sqlite-vec takes either, as the
#          lengths are alike. Of 500 pages stored by numpy and each asked for by its own vector with
#          vec_quantize_binary the nearest is the page itself for 9, and the distance of a page to itself is half of
#          the bits on average, as of two pages by chance. With one maker for both sides it is 500 of 500, and with
#          bitorder="little" too.
# Seen with numpy 2.4.6, sqlite-vec 0.1.9, apsw 3.54.1.0, faiss-cpu 1.15.1: the rows printed below.
# So:      nothing fails: there are always k neighbours. Pack with bitorder="little" for sqlite-vec, or quantize on
#          both sides in the database, and keep one page with its vector as a test: its distance to itself must be 0.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check numpy==2.4.6 sqlite-vec==0.1.9 apsw==3.54.1.0 faiss-cpu==1.15.1
cat >check.py <<'PY'
import sys
import apsw, faiss, numpy, sqlite_vec

PAGES, NUMBERS = 500, 256
db = apsw.Connection(":memory:")
db.enable_load_extension(True)
db.load_extension(sqlite_vec.loadable_path())

MAKERS = {
    "numpy": lambda vector: numpy.packbits(vector > 0).tobytes(),
    "numpy, little": lambda vector: numpy.packbits(vector > 0, bitorder="little").tobytes(),
    "sqlite-vec": lambda vector: db.execute("select vec_quantize_binary(?)", (vector.tobytes(),)).fetchone()[0],
    "faiss": lambda vector: faiss.IndexLSH(len(vector), len(vector), False).sa_encode(vector[None])[0].tobytes(),
}
pages = numpy.random.default_rng(7).standard_normal((PAGES, NUMBERS)).astype(numpy.float32)

def found(stored, asked):
    """How many pages are the nearest to their own vector, and the mean distance of a page to itself."""
    db.execute("drop table if exists pages")
    db.execute(f"create virtual table pages using vec0(vector bit[{NUMBERS}])")
    for number, page in enumerate(pages):
        db.execute("insert into pages(rowid, vector) values (?, vec_bit(?))", (number, MAKERS[stored](page)))
    nearest = distance = 0
    for number, page in enumerate(pages):
        bits = MAKERS[asked](page)
        nearest += db.execute("select rowid from pages where vector match vec_bit(?) and k = 1", (bits,)).fetchone()[0] == number
        distance += db.execute("select vec_distance_hamming(vector, vec_bit(?)) from pages where rowid = ?", (bits, number)).fetchone()[0]
    return f"{nearest} of {PAGES}, {distance / PAGES:.0f} bits"

one = numpy.array([1, -1, -1, -1, -1, -1, -1, -1] + [0.0] * 8, dtype=numpy.float32)
seen = {f"1, seven times -1, eight zeros: {name}": str(list(make(one))) for name, make in MAKERS.items()}
for stored, asked in (("numpy", "numpy"), ("numpy", "sqlite-vec"), ("faiss", "numpy"), ("faiss", "sqlite-vec"), ("numpy, little", "sqlite-vec")):
    seen[f"stored by {stored}, asked by {asked}"] = found(stored, asked)
expected = dict(zip(seen, [
    "[128, 0]", "[1, 0]", "[1, 0]", "[1, 255]",
    "500 of 500, 0 bits", "9 of 500, 128 bits", "9 of 500, 128 bits", "500 of 500, 0 bits", "500 of 500, 0 bits",
]))
for name, value in seen.items():
    print(f"  {name:50}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
