#!/usr/bin/env python3
"""Asks the real model about what is seen and heard, by the public commands.

    evals/senses.py QUIPU

A bill is drawn and photographed (turned, tilted, lit from one side, compressed), and the model is
asked for its total. A question is spoken, heard, answered and the answer spoken. A lecture is
spoken, kept with `quipu mem add`, and asked about: the page that is found has to say at which time it
begins. Prints what was said and whether each came out, and fails if one did not.

Needs pip, Debian's fonts-dejavu-core, the model for `quipu run` and `quipu model pull eyes ears
voice`. All is kept in a folder below `target/` but the models.
"""

import json
import os
import pathlib
import random
import re
import sys

import eyes
import spoken

FOLDER = spoken.WORK / "senses"
ITEMS = [("Espresso", 2.40), ("Flat white", 3.80), ("Almond croissant", 3.20), ("Orange juice", 4.10)]
QUESTION = "How many minutes are there in three hours?"
ANSWER = "180"
# What is said at the beginning, in the middle and at the end of a lecture.
TOPICS = {
    "bridges": "The oldest bridges were ropes of twisted grass, hung across a gorge and renewed every year.",
    "glaciers": "A glacier moves because the ice at its base melts under its own weight and begins to slide.",
    "clocks": "The first clocks had no hands at all, and told the hour by striking a bell.",
}
FILLING = [
    "Let us look at this a little more closely before we go on.",
    "You will find more about it in the notes that were handed out.",
    "Nobody has measured it with any care until quite recently.",
    "There are people who see this otherwise, and they have their reasons.",
]
FILLED = 12


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    quipu = pathlib.Path(sys.argv[1]).resolve()
    for sense in ["eyes", "ears", "voice"]:
        spoken.weights(sense)
    FOLDER.mkdir(parents=True, exist_ok=True)
    eyes.WORK.mkdir(parents=True, exist_ok=True)
    eyes.libraries()
    came = [bill(quipu), question(quipu), lecture(quipu)]
    sys.exit(0 if all(came) else 1)


def bill(quipu):
    total = f"{sum(price for _, price in ITEMS):.2f}"
    path = FOLDER / "bill.jpg"
    photographed(drawn(total)).save(path, quality=70)
    answer = run([quipu, "run", "--attach", path, "What is the total of this bill?"])
    return told("a photographed bill", answer, total in answer)


def drawn(total):
    """A bill on white paper."""
    from PIL import Image, ImageDraw

    image = Image.new("L", (900, 1100), 250)
    draw = ImageDraw.Draw(image)
    face = eyes.font(eyes.LATIN[2], 34)
    draw.text((250, 60), "CAFE AT THE HARBOUR", font=face, fill=20)
    rows = [*((name, f"{price:.2f}") for name, price in ITEMS), ("Total EUR", total)]
    for n, (name, price) in enumerate(rows):
        top = 200 + n * 90 + (60 if name.startswith("Total") else 0)
        draw.text((90, top), name, font=face, fill=20)
        draw.text((810 - draw.textlength(price, font=face), top), price, font=face, fill=20)
    draw.text((230, 980), "Thank you for your visit", font=face, fill=20)
    return image


def photographed(paper):
    """The paper on a table, seen from one side, with a lamp on the other."""
    from PIL import Image, ImageFilter

    table = Image.new("L", (1400, 1500), 90)
    table.paste(paper, (250, 200))
    # What comes to lie at a point was at the other (Pillow's eight numbers of a perspective).
    tilted = table.transform(
        table.size,
        Image.Transform.PERSPECTIVE,
        (1.0, 0.05, -20, 0.03, 1.0, -15, 0.00004, 0.00003),
        Image.Resampling.BICUBIC,
    )
    turned = tilted.rotate(2.5, Image.Resampling.BICUBIC, fillcolor=90)
    shade = Image.linear_gradient("L").resize(turned.size).point(lambda value: 160 + value * 95 // 255)
    lit = Image.composite(turned, Image.new("L", turned.size, 0), shade)
    return lit.filter(ImageFilter.GaussianBlur(0.8))


def question(quipu):
    asked, answered = FOLDER / "question.wav", FOLDER / "answer.wav"
    run([quipu, "say", "--out", asked, QUESTION])
    heard = run([quipu, "hear", asked]).strip()
    answer = run([quipu, "run", heard])
    run([quipu, "say", "--out", answered, answer])
    back = run([quipu, "hear", answered]).strip()
    print(f"  heard {heard!r}, answered {answer.strip()!r}, which sounds like {back!r}")
    return told("a spoken question", answer, ANSWER in re.sub(r"\D", "", answer) and bool(back))


def lecture(quipu):
    path = FOLDER / "lecture.wav"
    rng = random.Random(1)
    parts = []
    for text in TOPICS.values():
        parts += [text, *(rng.choice(FILLING) for _ in range(FILLED))]
    said = json.loads(run([quipu, "say", "-", "--out", path, "--json"], "\n\n".join(parts)))
    starts = {one["text"]: one["start"] for one in said["sentences"]}
    run([quipu, "--root", FOLDER / "root", "mem", "add", path])
    came = True
    for topic, text in TOPICS.items():
        search = [quipu, "--root", FOLDER / "root", "mem", "search", "--json", "-k", "1", topic]
        hits = json.loads(run(search))
        source = hits[0]["source"] if hits else "nothing"
        clock = re.search(r", (?:(\d+):)?(\d+):(\d\d)$", source)
        found = sum(int(part or 0) * 60**n for n, part in enumerate(reversed(clock.groups()))) if clock else -1
        # A page begins at most a minute before what it is found by.
        came &= told(f"a lecture about {topic}", source, 0 <= starts[text] - found <= 60)
    answer = run([quipu, "--root", FOLDER / "root", "run", "--json", "According to my notes, how did the first clocks tell the hour?"])
    answer = json.loads(answer)
    print(f"  {answer['answer']!r}, from {answer['sources']}")
    return told("an answer from the lecture", answer["answer"] or "", "bell" in (answer["answer"] or "")) and came


def run(command, given=None):
    env = {**os.environ, "NO_COLOR": "1"}
    return spoken.run(command, env=env, input=(given or "").encode()).decode(errors="replace")


def told(what, said, came):
    print(f"{'ok  ' if came else 'FAIL'} {what}: {' '.join(said.split())}", flush=True)
    return came


if __name__ == "__main__":
    main()
