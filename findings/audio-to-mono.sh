#!/bin/sh
# A recording of two or six channels made mono for a speech model: PyAV (FFmpeg) and miniaudio.
#
# Guess:   mono is the average of the channels, everywhere. Whether samples are asked for as 16-bit numbers or as
#          floats changes their form and not their loudness; nor does it matter how the file was compressed.
# Reality: PyAV's AudioResampler averages only where it gives whole numbers. For floats it adds the two channels at
#          0.71 each: the same voice on both comes out 1.41 times as loud, and a voice at 0.9 of full scale at 1.27,
#          beyond what a sample may be. With no format named, the file's codec decides: of one recording the FLAC
#          file is soft, and its MP3, Vorbis and Opus files are 1.41 times as loud, since those decode to floats.
#          With six channels (5.1) a voice in the centre at 0.6 is 0.6 as floats, 0.18 as 16-bit numbers, and 0.1 in
#          miniaudio, which is the only one that averages, and that gives the channel of the bass a share too.
# Seen with av 18.1.0, miniaudio 1.71, soundfile 0.14.0: the rows printed below.
# So:      a threshold of loudness (the usual one: "is this silence?"), a detector of voices and a check for clipping
#          mean other things for the same meeting as FLAC and as Opus. Name the sample format of the resampler, ask for
#          s16 and divide, or decode all channels and average them yourself. Never convert such floats to int16
#          without a bound: 1.27 does not fit.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check soundfile==0.14.0 miniaudio==1.71 av==18.1.0
cat >check.py <<'PY'
import io, sys
import av, miniaudio, numpy, soundfile

RATE = 16000
CHANNELS = ["left", "right", "centre", "bass", "left behind", "right behind"]
tone = numpy.sin(2 * numpy.pi * 440 * numpy.arange(2 * RATE) / RATE).astype(numpy.float32)

def written(columns, kind, subtype=None):
    file = io.BytesIO()
    soundfile.write(file, numpy.stack(columns, 1), RATE, format=kind, subtype=subtype)
    return file.getvalue()

def peak(samples):
    return f"{numpy.abs(samples[RATE // 2 : -RATE // 2]).max():.2f}"

def with_av(data, kind):
    with av.open(io.BytesIO(data)) as container:
        resampler = av.AudioResampler(format=kind, layout="mono", rate=RATE)
        frames = [new for frame in container.decode(audio=0) for new in resampler.resample(frame)]
    samples = numpy.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    return samples / 32768 if samples.dtype == numpy.int16 else samples

def with_miniaudio(data):
    decoded = miniaudio.decode(data, output_format=miniaudio.SampleFormat.FLOAT32, nchannels=1, sample_rate=RATE)
    return numpy.array(decoded.samples)

READERS = {
    "av s16": lambda data: with_av(data, "s16"),
    "av flt": lambda data: with_av(data, "flt"),
    "av, none named": lambda data: with_av(data, None),
}
seen = {}
for name, reader in {**READERS, "miniaudio": with_miniaudio}.items():
    seen[f"0.60 in both, FLAC: {name}"] = peak(reader(written([0.6 * tone] * 2, "FLAC")))
seen["0.90 in both, FLAC: av flt"] = peak(with_av(written([0.9 * tone] * 2, "FLAC"), "flt"))
for kind, subtype in (("MP3", None), ("OGG", "VORBIS"), ("OGG", "OPUS")):
    data = written([0.6 * tone] * 2, kind, subtype)
    plain = with_av(data, "s16")
    for name, reader in READERS.items():
        ratio = numpy.abs(reader(data)).mean() / numpy.abs(plain).mean()
        seen[f"against s16, {subtype or kind}: {name}"] = f"{ratio:.2f}"
for number in (0, 2, 3):
    columns = [0.6 * tone if number == place else 0 * tone for place in range(len(CHANNELS))]
    data = written(columns, "FLAC")
    seen[f"5.1, 0.60 in {CHANNELS[number]}"] = " ".join(peak(read(data)) for read in (
        READERS["av s16"], READERS["av flt"], with_miniaudio))
expected = {
    "0.60 in both, FLAC: av s16": "0.60",
    "0.60 in both, FLAC: av flt": "0.85",
    "0.60 in both, FLAC: av, none named": "0.60",
    "0.60 in both, FLAC: miniaudio": "0.60",
    "0.90 in both, FLAC: av flt": "1.27",
    **{f"against s16, {codec}: {name}": ratio for codec in ("MP3", "VORBIS", "OPUS")
       for name, ratio in (("av s16", "1.00"), ("av flt", "1.41"), ("av, none named", "1.41"))},
    "5.1, 0.60 in left": "0.12 0.42 0.10",
    "5.1, 0.60 in centre": "0.18 0.60 0.10",
    "5.1, 0.60 in bass": "0.00 0.00 0.10",
}
print("  loudest sample; for 5.1: av s16, av flt, miniaudio")
for name, value in seen.items():
    print(f"  {name:38}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
