"""What the measures of ears and voice have in common: packages, sentences, WAV files, errors."""

import functools
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import wave

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "spoken"
RATE = 16_000
LANGUAGES = ["english", "chinese"]
HAN = "\u3400-\u9fff"


def packages(names):
    """Puts packages into a folder of their own, from which they are imported."""
    folder = WORK / "packages" / "-".join(re.sub(r"\W+", "", name) for name in names)
    if not folder.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--only-binary=:all:"]
        subprocess.run(pip + ["--target", folder] + names, check=True)
    sys.path.insert(0, str(folder))


def weights(name):
    """The folder with the weights of a sense; `quipu model pull` puts them there."""
    data = os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share"
    folder = pathlib.Path(data) / "quipu" / "models" / name
    if not folder.is_dir():
        sys.exit(f"there is no {folder}: `quipu model pull {name}` makes it")
    return folder


def sentences(data, language, count):
    """Sentences of a test set that are said as they are written: without digits and signs."""
    folder = data / {"english": "msmarco_sample", "chinese": "cmrc2018_zh"}[language]
    with open(folder / "corpus.jsonl", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    ends = {"english": r"(?<=[.!?])\s+", "chinese": "(?<=[。！？])"}[language]
    form = {
        "english": re.compile(r"[A-Z][a-z]+(?:[ ,]+[a-z']{1,12}){6,18}\."),
        "chinese": re.compile(rf"[{HAN}]{{6,20}}(?:，[{HAN}]{{4,16}})?。"),
    }[language]
    found = {part.strip() for text in texts for part in re.split(ends, text)}
    found = sorted(part for part in found if form.fullmatch(part))
    if len(found) < count:
        sys.exit(f"{folder} has {len(found)} sentences of the kind, not {count}")
    return random.Random(1).sample(found, count)


@functools.cache
def converter():
    from opencc import OpenCC

    return OpenCC("t2s")


def simplified(text):
    """`text` with simplified characters."""
    return converter().convert(text)


def words(text):
    """The words of a text; of Chinese its characters, simplified. Case and signs tell nothing."""
    text = simplified(text.lower().replace("’", "'"))
    return re.findall(rf"[{HAN}]|[^\W_{HAN}]+(?:'[^\W_{HAN}]+)?", text)


def errors(expected, found):
    """Words put in, left out or taken for others, and how many there should be."""
    from rapidfuzz.distance import Levenshtein

    expected, found = words(expected), words(found)
    return Levenshtein.distance(expected, found), len(expected)


def read_wav(path):
    """The samples of a file with one channel of 16 bits, from -1 to 1, and their rate."""
    import numpy

    with wave.open(str(path)) as sound:
        if (sound.getnchannels(), sound.getsampwidth()) != (1, 2):
            sys.exit(f"{path} is of another form")
        samples = numpy.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
        return samples.astype("float32") / 32768, sound.getframerate()


def write_wav(path, samples, rate=RATE):
    import numpy

    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes((numpy.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def resampled(samples, rate):
    """`samples` with `RATE` a second, by leaving out what is higher in their spectrum."""
    import numpy

    count = round(len(samples) * RATE / rate)
    spectrum = numpy.fft.rfft(samples)[: count // 2 + 1]
    return (numpy.fft.irfft(spectrum, count) * count / len(samples)).astype("float32")


def run(command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"{command} failed: {done.stderr.decode(errors='replace')}")
    return done.stdout
