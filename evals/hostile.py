#!/usr/bin/env python3
"""Hands files to `quipu see`, `quipu hear` and `quipu mem add` that are cut off, lie about their size,
unpack into far more than they are, or are something else than they say.

    evals/hostile.py QUIPU

All are made here and harm nobody else. Of each it prints what was said of it, the seconds and the
memory that this took, and fails where a program crashed, said nothing, or took more than the limits
at the top of this file. Needs `quipu model pull eyes ears`.
"""

import io
import os
import pathlib
import struct
import subprocess
import sys
import time
import zipfile
import zlib

import spoken

FOLDER = spoken.WORK / "hostile"
SECONDS_MAX = 120
MIB_MAX = 1_500
# How each ends that is refused, and those that have nothing wrong with them but their size.
REFUSED, EITHER = "refused", "either"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    quipu = pathlib.Path(sys.argv[1]).resolve()
    for sense in ["eyes", "ears"]:
        spoken.weights(sense)
    FOLDER.mkdir(parents=True, exist_ok=True)
    failed = 0
    for command, files in [("see", pictures()), ("hear", recordings()), ("mem add", documents())]:
        for name, (data, end) in files.items():
            path = FOLDER / name
            path.write_bytes(data)
            failed += not check(quipu, command, path, end)
    sys.exit(1 if failed else 0)


def check(quipu, command, path, end):
    # What is kept goes into a store of its own; the weights are those of the user.
    place = ["--root", str(FOLDER / "root")] if command == "mem add" else []
    words = [str(quipu), *place, *command.split(), str(path)]
    begun = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        try:
            _, said = child.communicate(timeout=SECONDS_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            said = b"(it did not end)"
            child.communicate()
    took = time.monotonic() - begun
    mib = peak()
    said = " ".join(said.decode(errors="replace").split())
    is_clear = "error:" in said or child.returncode == 0
    ends = child.returncode in ([1, 2] if end == REFUSED else [0, 1, 2])
    is_calm = "panicked" not in said and took < SECONDS_MAX and mib < MIB_MAX
    fine = is_clear and ends and is_calm
    print(f"{'ok  ' if fine else 'FAIL'} {path.name:22}{took:>7.1f} s{mib:>7} MiB  {said[:140]}", flush=True)
    return fine


def peak():
    """The most memory that any program has taken so far, in MiB."""
    import resource

    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def png(width, height, rows=None, break_at=None):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = zlib.compress(rows if rows is not None else bytes((width + 1) * height), 9)
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    file += chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return file if break_at is None else file[:break_at]


def tiff(directories, loop=False):
    file = b"II*\0" + struct.pack("<I", 8)
    for n in range(directories):
        last = n + 1 == directories
        after = (8 if loop else 0) if last else 8 + 6 * (n + 1)
        file += struct.pack("<HI", 0, after)
    return file


def bitmap(width, height):
    return b"BM" + struct.pack("<IIIIiiHHIIiiII", 100, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def pictures():
    small = png(64, 64)
    return {
        "empty.png": (b"", REFUSED),
        "text.png": (b"This is no picture. " * 50, REFUSED),
        "cut.png": (png(800, 800, break_at=200), REFUSED),
        "no-pixels.png": (png(0, 0, b""), REFUSED),
        "claims-60000.png": (png(60_000, 60_000, b"\0" * 100), REFUSED),
        "claims-30000.png": (png(30_000, 30_000, b"\0" * 100), REFUSED),
        "too-few-rows.png": (png(4_000, 4_000, b"\0" * 100), REFUSED),
        # Forty million pixels in a few kilobytes are within the limits.
        "large.png": (png(6_300, 6_300), EITHER),
        "flipped.png": (small[:60] + b"\xff\xff" + small[62:], EITHER),
        "head.jpg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", REFUSED),
        "claims.jpg": (b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03\x01\x22\0\x02\x11\x01\x03\x11\x01", REFUSED),
        "claims.bmp": (bitmap(60_000, 60_000), REFUSED),
        "negative.bmp": (bitmap(-5, -2_147_483_648), REFUSED),
        "loop.tif": (tiff(3, loop=True), REFUSED),
        "many-pages.tif": (tiff(5_000), REFUSED),
        "far.tif": (b"II*\0\xff\xff\xff\xff", REFUSED),
        "head.webp": (b"RIFF\xff\xff\xff\xffWEBPVP8X", REFUSED),
        "film.png": (b"\x1aE\xdf\xa3" + bytes(500), REFUSED),
    }


def wav(rate=16_000, channels=1, bits=16, says=None, data=b""):
    step = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels, rate, (rate * step) & 0xFFFFFFFF, step & 0xFFFF, bits)
    length = len(data) if says is None else says
    return b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt \x10\0\0\0" + form + b"data" + struct.pack("<I", length) + data


def recordings():
    box = lambda kind, data: struct.pack(">I", 8 + len(data)) + kind + data
    sizes = box(b"stsz", struct.pack(">III", 0, 0, 0xFFFFFFFF))
    movie = box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", sizes)))))
    deep = b""
    for _ in range(2_000):
        deep = box(b"moov", deep)
    return {
        "empty.wav": (b"", REFUSED),
        "text.mp3": (b"ID3 this is a poem and no music " * 50, REFUSED),
        "cut.wav": (wav(says=32_000, data=bytes(3_000)), EITHER),
        "claims-4-gb.wav": (wav(says=0xFFFFFFF0, data=bytes(3_000)), EITHER),
        "channels.wav": (wav(channels=65_535, data=bytes(200_000)), REFUSED),
        "no-channels.wav": (wav(channels=0, data=bytes(3_000)), REFUSED),
        "rate-1.wav": (wav(rate=1, data=bytes(3_000)), REFUSED),
        "rate-max.wav": (wav(rate=0xFFFFFFFF, data=bytes(3_000)), REFUSED),
        "no-bits.wav": (wav(bits=0, data=bytes(3_000)), REFUSED),
        "silence.wav": (wav(data=bytes(32_000)), EITHER),
        "head.flac": (b"fLaC\0\0\0\x22" + b"\xff" * 34, REFUSED),
        "noise.ogg": (b"OggS" + os.urandom(5_000), REFUSED),
        "noise.mp3": (b"\xff\xfb" + os.urandom(50_000), EITHER),
        "sizes.m4a": (box(b"ftyp", b"M4A \0\0\0\0M4A ") + movie, REFUSED),
        "deep.m4a": (box(b"ftyp", b"M4A \0\0\0\0M4A ") + deep, REFUSED),
        "picture.wav": (png(64, 64), REFUSED),
    }


def zipped(files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return file.getvalue()


def documents():
    types = ("[Content_Types].xml", b"")
    word = b"<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>One page.</w:t></w:r></w:p></w:body></w:document>"
    laughs = b"<!DOCTYPE a [<!ENTITY a 'ha'>" + b"".join(
        b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 50) for n in range(12)
    ) + b"]><a>&m;</a>"
    pixels = [(f"word/media/image{n}.png", png(6_300, 6_300)) for n in range(3)]
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9999999 9999999]>>"
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj"
    return {
        "bomb.docx": (zipped([types, ("word/document.xml", bytes(600 << 20))]), REFUSED),
        "laughs.docx": (zipped([types, ("word/document.xml", laughs)]), REFUSED),
        "cut.docx": (zipped([types, ("word/document.xml", word)])[:150], REFUSED),
        "pictures.docx": (zipped([types, ("word/document.xml", word), *pixels]), EITHER),
        "many.epub": (zipped([(f"{n}.xhtml", b"") for n in range(20_000)]), REFUSED),
        "text.docx": (b"PK\x03\x04 and nothing else", REFUSED),
        "cut.pdf": (pdf, REFUSED),
        "large-page.pdf": (pdf + page + b"endobj\ntrailer<</Root 1 0 R>>", REFUSED),
        "deep.pdf": (pdf + b"[" * 100_000 + b"endobj\ntrailer<</Root 1 0 R>>", REFUSED),
        "itself.pdf": (pdf + b"<</Type/Pages/Kids[2 0 R]/Count 1>>endobj\ntrailer<</Root 1 0 R>>", REFUSED),
        "deep.html": (b"<div>" * 200_000, REFUSED),
        "deep.ipynb": (b"[" * 200_000, REFUSED),
    }


if __name__ == "__main__":
    main()
