#!/usr/bin/env python3
"""Measures what `quipu hear` understands, beside whisper.cpp with the same weights.

    evals/ears.py QUIPU DATA [N] [--hour]

N sentences [default: 60], half English, half Chinese, out of the test sets in DATA (msmarco_sample
and cmrc2018_zh), each spoken by espeak-ng and by `quipu say`, plain and with noise at 10 dB. Both
hear the same files in the same run, each on one thread: the share of wrong words (of Chinese, wrong
characters; both are compared in simplified ones), and the seconds that it took, without loading.
The ears of Quipu are timed as the component that `quipu hear` is, and natively, by their own test.
Both are told no language. With `--hour` an hour of the same sentences is heard as one file, which
takes long: how much memory that needed.

whisper.cpp is the package pywhispercpp; the weights of `quipu model pull ears` are written in its
form. Needs pip, cargo, Debian's espeak-ng and `quipu model pull ears voice`. Files and packages go into
a folder below `target/`.
"""

import json
import os
import pathlib
import re
import resource
import struct
import subprocess
import sys
import time

import spoken

PACKAGES = ["numpy==2.2.6", "pywhispercpp==1.5.1", "opencc-python-reimplemented==0.1.7", "rapidfuzz==3.14.5"]
ESPEAK = {"english": "en-us", "chinese": "cmn"}
DECIBELS = 10
# Of whisper base, as ggml has them: pieces, rows and width of the encoder, its heads and layers,
# the same of the decoder, bands, and that its numbers have 16 bits.
SHAPE = [51_865, 1_500, 512, 8, 6, 448, 512, 8, 6, 80, 1]
TEXT_PIECES = 50_257
BANDS, BINS = 80, 201


def main():
    args = [arg for arg in sys.argv[1:] if arg != "--hour"]
    if len(args) < 2:
        sys.exit(__doc__)
    quipu, data = pathlib.Path(args[0]).resolve(), pathlib.Path(args[1])
    count = int(args[2]) if len(args) > 2 else 60
    weights = spoken.weights("ears")
    spoken.weights("voice")
    folder = spoken.WORK / "ears"
    folder.mkdir(parents=True, exist_ok=True)
    spoken.packages(PACKAGES)
    files = sounds(quipu, data, count // 2, folder)
    peer = whisper(weights, folder)
    print(f"{'':30}{'quipu':>12}{'':>12}{'whisper.cpp':>14}")
    total = {"quipu": 0.0, "peer": 0.0}
    for kind in dict.fromkeys(kind for kind, _, _ in files):
        these = [(text, path) for other, text, path in files if other == kind]
        cells = ""
        for name, hear in [("quipu", lambda paths: heard(quipu, paths)), ("peer", peer)]:
            texts, took = hear([path for _, path in these])
            wrong = [spoken.errors(text, found) for (text, _), found in zip(these, texts)]
            rate = sum(edits for edits, _ in wrong) / sum(all for _, all in wrong)
            total[name] += took
            cells += f"{100 * rate:>12.2f} %{took:>8.1f} s"
        print(f"{kind:30}{cells}", flush=True)
    native = natively(weights, folder)
    print(f"time beside whisper.cpp: component {total['quipu'] / total['peer']:.2f}, ", end="")
    print(f"native {native / total['peer']:.2f}")
    if "--hour" in sys.argv:
        hour(quipu, files, folder)


def sounds(quipu, data, count, folder):
    """Each kind of recording, what is said in it, and its file."""
    import numpy

    noise = numpy.random.default_rng(1)
    made = []
    for language in spoken.LANGUAGES:
        for n, text in enumerate(spoken.sentences(data, language, count)):
            for speaker in ["espeak-ng", "quipu say"]:
                name = f"{language}-{speaker.split()[0]}-{n:03}"
                raw = folder / f"{name}-raw.wav"
                command = {
                    "espeak-ng": ["espeak-ng", "-v", ESPEAK[language], "-w", raw, text],
                    "quipu say": [quipu, "say", "--out", raw, text],
                }[speaker]
                if not raw.exists():
                    spoken.run(command)
                plain = spoken.resampled(*spoken.read_wav(raw))
                power = float(numpy.mean(plain**2)) / 10 ** (DECIBELS / 10)
                noisy = plain + noise.normal(0, power**0.5, len(plain)).astype("float32")
                for how, samples in [("plain", plain), ("noise", noisy)]:
                    path = folder / f"{name}-{how}.wav"
                    spoken.write_wav(path, samples)
                    path.with_suffix(".txt").write_text(text, encoding="utf-8")
                    made.append((f"{language}, {speaker}, {how}", text, path))
    return made


def heard(quipu, paths):
    """What `quipu hear` writes, and the seconds that it takes once it is loaded."""
    command = [quipu, "--threads", "1", "hear", "--json"]
    # The first call compiles the component.
    begun = time.monotonic()
    spoken.run(command + paths[:1])
    begun = time.monotonic()
    once = json.loads(spoken.run(command + paths[:1]))
    one = time.monotonic() - begun
    begun = time.monotonic()
    found = json.loads(spoken.run(command + paths))
    took = time.monotonic() - begun
    assert once["file"] == str(paths[0])
    # What one file takes in a longer list, is what it takes without the start of the program.
    start = max(0.0, one - (took - one) / max(1, len(paths) - 1))
    found = found if isinstance(found, list) else [found]
    return [each.get("text", "") for each in found], took - start


def whisper(weights, folder):
    """What hears with whisper.cpp."""
    from pywhispercpp.model import Model

    path = folder / "whisper-base.bin"
    if not path.exists():
        converted(weights, path)
    quiet = {"print_progress": False, "print_realtime": False}
    model = Model(str(path), n_threads=1, language="auto", redirect_whispercpp_logs_to=None, **quiet)

    def hear(paths):
        texts, took = [], 0.0
        for file in paths:
            samples, _ = spoken.read_wav(file)
            begun = time.monotonic()
            segments = model.transcribe(samples)
            took += time.monotonic() - begun
            texts.append(" ".join(segment.text for segment in segments))
        return texts, took

    return hear


def natively(weights, folder):
    """Seconds that the ears take for all recordings without a sandbox."""
    manifest = spoken.ROOT / "plugins" / "ears" / "Cargo.toml"
    env = {
        **os.environ,
        "QUIPU_TEST_EARS": str(weights),
        "QUIPU_TEST_SOUNDS": str(folder),
        "RTEN_NUM_THREADS": "1",
    }
    cargo = ["cargo", "test", "--release", "--manifest-path", manifest, "--target-dir"]
    cargo += [spoken.ROOT / "target" / "ears-native", "--target", host()]
    words = [str(word) for word in cargo + ["real_recordings", "--", "--nocapture"]]
    # With noise more is wrong than the test allows: only its time is asked for.
    done = subprocess.run(words, capture_output=True, env=env)
    out = (done.stdout + done.stderr).decode(errors="replace")
    found = re.search(r"% wrong, ([\d.]+) s", out)
    if not found:
        sys.exit(f"the test of the ears does not say how long it took:\n{out}")
    return float(found[1])


def host():
    out = spoken.run(["rustc", "-vV"]).decode()
    return re.search(r"host: (\S+)", out)[1]


def hour(quipu, files, folder):
    """Hears an hour of sentences with pauses between them."""
    import numpy

    samples, seconds = [], 0.0
    while seconds < 3600:
        for _, _, path in files:
            sound, rate = spoken.read_wav(path)
            samples += [sound, numpy.zeros(rate // 2, dtype="float32")]
            seconds += len(sound) / rate + 0.5
    path = folder / "hour.wav"
    spoken.write_wav(path, numpy.concatenate(samples)[: 3600 * spoken.RATE])
    begun = time.monotonic()
    found = json.loads(spoken.run([quipu, "hear", "--json", path]))
    took = time.monotonic() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    last = found["segments"][-1]["end"]
    print(f"an hour: {took:.0f} s, heard up to {last:.0f} s, at most {peak:.0f} MiB in any program")


def converted(weights, path):
    """Writes the weights, as CTranslate2 has them, in the form of ggml."""
    import numpy

    arrays = ctranslate2((weights / "whisper-base.bin").read_bytes())
    pieces = (weights / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[:TEXT_PIECES]
    letters = bytes_of_letters()
    with open(path, "wb") as file:
        file.write(struct.pack("<12i", 0x67676D6C, *SHAPE))
        file.write(struct.pack("<2i", BANDS, BINS) + filters().astype("<f4").tobytes())
        file.write(struct.pack("<i", len(pieces)))
        for piece in pieces:
            piece = bytes(letters[letter] for letter in piece)
            file.write(struct.pack("<i", len(piece)) + piece)
        for name, array in renamed(arrays):
            if name.endswith(("conv1.bias", "conv2.bias")):
                array = array.reshape(-1, 1)
            is_small = array.ndim < 2 or name.endswith(("conv1.bias", "conv2.bias"))
            is_whole = is_small or name.endswith("positional_embedding")
            array = numpy.ascontiguousarray(array.astype("<f4" if is_whole else "<f2"))
            key = name.encode()
            file.write(struct.pack("<3i", array.ndim, len(key), 0 if is_whole else 1))
            file.write(struct.pack(f"<{array.ndim}i", *array.shape[::-1]) + key)
            file.write(array.tobytes())


def ctranslate2(file):
    """The arrays of a file of CTranslate2 by their names."""
    import numpy

    at = 0

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, file, at)
        at += struct.calcsize("<" + form)
        return values

    def text():
        (length,) = take("H")
        return take(f"{length}s")[0].rstrip(b"\0").decode()

    kinds = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
    take("I")
    text()
    _, count = take("II")
    arrays = {}
    for _ in range(count):
        name = text()
        (rank,) = take("B")
        sizes = take("I" * rank)
        kind, length = take("BI")
        array = numpy.frombuffer(file, dtype=kinds[kind], count=length // int(kinds[kind][2]), offset=at)
        arrays[name] = array.reshape(sizes)
        at += length
    return arrays


def renamed(arrays):
    """The arrays under the names of OpenAI's own file, those that are kept as one taken apart."""

    def linear(to, name):
        yield f"{to}.weight", arrays[f"{name}/weight"]
        if f"{name}/bias" in arrays:
            yield f"{to}.bias", arrays[f"{name}/bias"]

    def norm(to, name):
        yield f"{to}.weight", arrays[f"{name}/gamma"]
        yield f"{to}.bias", arrays[f"{name}/beta"]

    def parts(to, name, names):
        weight, bias = arrays[f"{name}/weight"], arrays[f"{name}/bias"]
        width = weight.shape[1]
        for n, part in enumerate(names):
            yield f"{to}.{part}.weight", weight[n * width : (n + 1) * width]
            # Keys have no bias: it is zero.
            if part != "key":
                yield f"{to}.{part}.bias", bias[n * width : (n + 1) * width]

    for side in ["encoder", "decoder"]:
        yield f"{side}.positional_embedding", arrays[f"{side}/position_encodings/encodings"]
        for n in range(SHAPE[4]):
            name, to = f"{side}/layer_{n}", f"{side}.blocks.{n}"
            own = f"{name}/self_attention"
            yield from norm(f"{to}.attn_ln", f"{own}/layer_norm")
            yield from parts(f"{to}.attn", f"{own}/linear_0", ["query", "key", "value"])
            yield from linear(f"{to}.attn.out", f"{own}/linear_1")
            if side == "decoder":
                other = f"{name}/attention"
                yield from norm(f"{to}.cross_attn_ln", f"{other}/layer_norm")
                yield from linear(f"{to}.cross_attn.query", f"{other}/linear_0")
                yield from parts(f"{to}.cross_attn", f"{other}/linear_1", ["key", "value"])
                yield from linear(f"{to}.cross_attn.out", f"{other}/linear_2")
            yield from norm(f"{to}.mlp_ln", f"{name}/ffn/layer_norm")
            yield from linear(f"{to}.mlp.0", f"{name}/ffn/linear_0")
            yield from linear(f"{to}.mlp.2", f"{name}/ffn/linear_1")
    yield from linear("encoder.conv1", "encoder/conv1")
    yield from linear("encoder.conv2", "encoder/conv2")
    yield from norm("encoder.ln_post", "encoder/layer_norm")
    yield from norm("decoder.ln", "decoder/layer_norm")
    yield "decoder.token_embedding.weight", arrays["decoder/embeddings/weight"]


def bytes_of_letters():
    """The byte that each letter of the vocabulary stands for (openai/gpt-2, `encoder.py`)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    letters = {chr(byte): byte for byte in plain}
    letters.update({chr(256 + n): byte for n, byte in enumerate(others)})
    return letters


def filters():
    """The weights of each band, on Slaney's scale of pitch (openai/whisper, `audio.py`)."""
    import numpy

    def mel(hertz):
        low = hertz * 3 / 200
        return numpy.where(hertz < 1000, low, 15 + numpy.log(numpy.maximum(hertz, 1) / 1000) * 27 / numpy.log(6.4))

    def hertz(mel):
        return numpy.where(mel < 15, mel * 200 / 3, 1000 * numpy.exp((mel - 15) * numpy.log(6.4) / 27))

    edges = hertz(numpy.linspace(0, mel(numpy.float64(8000)), BANDS + 2))[:, None]
    pitch = numpy.linspace(0, 8000, BINS)[None, :]
    up = (pitch - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - pitch) / (edges[2:] - edges[1:-1])
    return numpy.maximum(0, numpy.minimum(up, down)) * 2 / (edges[2:] - edges[:-2])


if __name__ == "__main__":
    main()
