#!/usr/bin/env python3
"""Asks `/v1/audio/speech` by OpenAI's own client, and checks what comes back.

    evals/speech.py http://127.0.0.1:8080/v1

A `quipu serve` with the voice has to run there. Needs the package openai. Prints a line for each
check, and how long the first sound of a text of several sentences takes.
"""

import base64
import io
import json
import sys
import time
import wave

import openai

SENTENCE = "The old bridge was closed because of the flood."
TEXT = (
    "The old bridge was closed because of the flood. Nobody could cross for three days. "
    "今天天气很好。 Then the water went down, and the first carts rolled over it again."
)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    client = openai.OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0)
    speech = client.audio.speech
    asked = {"model": "voice", "voice": "alloy"}

    whole = speech.create(input=SENTENCE, response_format="wav", **asked)
    check("a sentence is a WAV file of its length", seconds(whole.content) > 1)
    raw = speech.create(input=SENTENCE, response_format="pcm", **asked).content
    check("raw samples are the file without its head", whole.content[44:] == raw)
    named = speech.create(model="voice", voice="bm_george", input=SENTENCE, response_format="pcm")
    check("another speaker sounds otherwise", named.content != raw)
    quick = speech.create(input=SENTENCE, response_format="pcm", speed=1.5, **asked).content
    check("faster is shorter", len(quick) < 0.8 * len(raw))

    begun, first, size = time.monotonic(), None, 0
    with speech.with_streaming_response.create(
        input=TEXT, response_format="wav", **asked
    ) as stream:
        for piece in stream.iter_bytes():
            first = first or time.monotonic() - begun
            size += len(piece)
    took = time.monotonic() - begun
    check("the first sentence comes before the last is spoken", first < 0.7 * took)
    print(f"first sound {first:.2f} s, all {took:.2f} s, {(size - 44) / 48000:.1f} s of sound")

    events = []
    with speech.with_streaming_response.create(
        input=TEXT, response_format="pcm", stream_format="sse", **asked
    ) as stream:
        for text in stream.iter_lines():
            if text.startswith("data: "):
                events.append(json.loads(text.removeprefix("data: ")))
    kinds = [event["type"] for event in events]
    check("events are deltas and an end", set(kinds[:-1]) == {"speech.audio.delta"})
    check("the last event says so", kinds[-1] == "speech.audio.done")
    sound = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    check("their sound is that of the file", len(sound) == size - 44)

    refused(speech, openai.NotFoundError, "model", model="tts-1", voice="alloy", input="Hello.")
    refused(speech, openai.BadRequestError, "voice", model="voice", voice="nobody", input="Hello.")
    refused(speech, openai.BadRequestError, "input", input="", **asked)
    refused(speech, openai.BadRequestError, "input", input="…", **asked)
    mp3 = {"response_format": "mp3"}
    refused(speech, openai.BadRequestError, "response_format", input="Hello.", **mp3, **asked)
    refused(speech, openai.BadRequestError, "speed", input="Hello.", speed=4.0, **asked)


def seconds(content):
    with wave.open(io.BytesIO(content)) as sound:
        form = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
        check("one channel, 16 bits, 24 kHz", form == (1, 2, 24000))
        check("its head says its length", len(content) == 44 + 2 * sound.getnframes())
        return sound.getnframes() / sound.getframerate()


def refused(speech, kind, param, **asked):
    try:
        speech.create(**asked)
    except kind as error:
        check(f"refused for {param}: {error.body['message']}", error.param == param)
    else:
        check(f"refused for {param}", False)


def check(what, holds):
    print(f"{'ok  ' if holds else 'FAIL'} {what}")
    if not holds:
        sys.exit(1)


if __name__ == "__main__":
    main()
