#!/usr/bin/env python3
"""Measures how well `quipu say` is understood: the ears read back what it said.

    evals/voice.py QUIPU DATA [N]

N sentences [default: 100] of each language, English and Chinese, out of the test sets in DATA
(msmarco_sample and cmrc2018_zh), are spoken on two threads, and each is heard again by `quipu
hear`: the share of wrong words (of Chinese, wrong characters; what is heard is compared in simplified
ones), the seconds that speaking took for a second of sound, with loading, and when the first sound of
the whole text came. Beside it the same sentences by espeak-ng, heard by the same ears.

Needs pip, Debian's espeak-ng and `quipu model pull ears voice`. Files and packages go into a folder
below `target/`.
"""

import json
import pathlib
import subprocess
import sys
import time

import spoken

PACKAGES = ["numpy==2.2.6", "opencc-python-reimplemented==0.1.7", "rapidfuzz==3.14.5"]
ESPEAK = {"english": "en-us", "chinese": "cmn"}
HEAD = 44


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    quipu, data = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    spoken.weights("ears")
    spoken.weights("voice")
    folder = spoken.WORK / "voice"
    folder.mkdir(parents=True, exist_ok=True)
    spoken.packages(PACKAGES)
    for language in spoken.LANGUAGES:
        texts = spoken.sentences(data, language, count)
        whole = "\n\n".join(texts)
        begun = time.monotonic()
        out = folder / f"{language}.wav"
        say = [quipu, "--threads", "2", "say", "-", "--out"]
        said = json.loads(spoken.run([*say, out, "--json"], input=whole.encode()))
        took = time.monotonic() - begun
        ours = [(one["text"], path) for one, path in zip(said["sentences"], cut(out, said))]
        theirs = [(text, espeak(folder, language, n, text)) for n, text in enumerate(texts)]
        first, all = first_sound(say, whole)
        print(f"{language}: {count} sentences, {said['seconds']:.0f} s of sound")
        print(f"  quipu say   {rate(quipu, ours):>6.2f} % wrong", end="")
        print(f", {took / said['seconds']:.2f} s a second of sound", end="")
        print(f", first sound after {first:.2f} s of {all:.0f} s")
        print(f"  espeak-ng   {rate(quipu, theirs):>6.2f} % wrong", flush=True)


def cut(path, said):
    """A file for each sentence that was said."""
    samples, rate = spoken.read_wav(path)
    for n, one in enumerate(said["sentences"]):
        part = samples[int(one["start"] * rate) : int(one["end"] * rate)]
        to = path.with_name(f"{path.stem}-{n:03}.wav")
        spoken.write_wav(to, part, rate)
        yield to


def espeak(folder, language, n, text):
    path = folder / f"{language}-espeak-{n:03}.wav"
    spoken.run(["espeak-ng", "-v", ESPEAK[language], "-w", path, text])
    return path


def rate(quipu, said):
    """Percent of the words of these sentences that are heard wrongly in their files."""
    heard = json.loads(spoken.run([quipu, "hear", "--json", *(path for _, path in said)]))
    heard = heard if isinstance(heard, list) else [heard]
    wrong = [spoken.errors(text, one.get("text", "")) for (text, _), one in zip(said, heard)]
    return 100 * sum(edits for edits, _ in wrong) / sum(all for _, all in wrong)


def first_sound(say, text):
    """Seconds until the first sound of a text comes through a pipe, and until the last."""
    begun = time.monotonic()
    command = [str(part) for part in [*say, "-"]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(text.encode())
        child.stdin.close()
        child.stdout.read(HEAD + 2)
        first = time.monotonic() - begun
        while child.stdout.read(1 << 16):
            pass
    return first, time.monotonic() - begun


if __name__ == "__main__":
    main()
