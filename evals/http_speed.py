#!/usr/bin/env python3
"""Speed through HTTP, beside llama.cpp's own server: same model, same client, same requests.

    evals/http_speed.py QUIPU LLAMA_SERVER MODEL.gguf [ROUNDS]

Both serve on 127.0.0.1 with two threads and take turns [ROUNDS, default: 3]. Printed are the median
times of both in seconds and their ratio, ours over theirs (for tokens a second: the same way round):

cold      8 clients at once, 32 tokens each, one system prompt of some 1,000 tokens that is new
resident  the same with another question each, the system prompt computed before
alone     tokens a second of one client's plain chat of 128 tokens
first     first token of one request whose prompt was computed before; of `quipu run` beside the
          running machine (from the start of its process), asked what was asked before, and asked
          something new; of `quipu run` with no machine
"""

import concurrent.futures
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time

CLIENTS, SHORT, LONG = 8, 32, 128
WORDS = "river stone garden winter engine copper market violin harbour lantern meadow saddle".split()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    def __init__(self, name, command, port, env=None):
        self.name, self.port = name, port
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, env=env, stdout=self.log, stderr=self.log)
        until = time.monotonic() + 180
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                self.log.seek(0)
                sys.exit(f"http_speed: {name} did not start:\n{self.log.read().decode()[-2000:]}")
            time.sleep(0.05)

    def is_ready(self):
        try:
            asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            asked.request("GET", "/health")
            return asked.getresponse().status == 200
        except OSError:
            return False

    def ask(self, messages, tokens):
        """Seconds to the first piece of text, seconds to the last, and tokens, of a streamed chat."""
        body = {"messages": messages, "max_tokens": tokens, "temperature": 0, "stream": True}
        body["stream_options"] = {"include_usage": True}
        begun, first, count = time.monotonic(), None, 0
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        link.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        reply = link.getresponse()
        if reply.status != 200:
            sys.exit(f"http_speed: {self.name} answers {reply.status}: {reply.read()[:500]}")
        for line in reply:
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            if "error" in event:
                sys.exit(f"http_speed: {self.name} answers {event['error']}")
            if first is None and any(c["delta"].get("content") for c in event.get("choices") or []):
                first = time.monotonic() - begun
            count = (event.get("usage") or {}).get("completion_tokens", count)
        link.close()
        return first, time.monotonic() - begun, count

    def stop(self):
        self.process.terminate()
        self.process.wait()


def page(chance):
    """A system prompt of some 1,000 tokens that was never sent before."""
    return "You answer in full. Know this: " + " ".join(chance.choice(WORDS) for _ in range(960)) + "."


def chat(system, question):
    return [{"role": "system", "content": system}, {"role": "user", "content": question}]


def together(server, system, questions):
    """Seconds until the last of several clients has its answer."""
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(questions)) as pool:
        asked = [pool.submit(server.ask, chat(system, question), SHORT) for question in questions]
        counts = [one.result()[2] for one in asked]
    seconds = time.monotonic() - begun
    if min(counts) < SHORT:
        sys.exit(f"http_speed: {server.name} stopped after {min(counts)} tokens; this takes a model that can count")
    return seconds


def counting(start):
    return f"Count from {start} upwards to {start + 200}, one number a line, nothing else."


def first_of_run(quipu, env, prompt):
    begun = time.monotonic()
    ran = subprocess.Popen(
        [quipu, "run", "--format", "stream-json", prompt], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    seconds = None
    for line in ran.stdout:
        if seconds is None and json.loads(line)["event"] in ("token", "exited"):
            seconds = time.monotonic() - begun
    ran.wait()
    return seconds


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    quipu, peer, model = (os.path.abspath(path) for path in sys.argv[1:4])
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    chance = random.Random(1)
    home = tempfile.TemporaryDirectory()
    env = os.environ | {"QUIPU_ROOT": home.name, "QUIPU_MODEL": model}
    ours_port, their_port = free_port(), free_port()
    ours = Server("quipu", [quipu, "serve", "--addr", f"127.0.0.1:{ours_port}"], ours_port, env)
    theirs = Server(
        "llama-server",
        [peer, "--model", model, "--host", "127.0.0.1", "--port", str(their_port), "--threads", "2",
         "--parallel", str(CLIENTS), "--ctx-size", str(CLIENTS * 2048)],
        their_port,
    )
    seen = {}

    def note(what, server, value):
        seen.setdefault(what, {}).setdefault(server.name, []).append(value)

    try:
        for turn in range(rounds):
            for server in (ours, theirs) if turn % 2 == 0 else (theirs, ours):
                system = page(chance)
                starts = [1000 * (turn + 1) + 10 * i for i in range(2 * CLIENTS)]
                questions = [counting(start) for start in starts]
                note("cold (s)", server, together(server, system, questions[:CLIENTS]))
                note("resident (s)", server, together(server, system, questions[CLIENTS:]))
                warm = chat(system, counting(7 + turn))
                server.ask(warm, 1)
                note("first token, computed before (s)", server, server.ask(warm, 8)[0])
                first, last, count = server.ask(chat("You are brief.", counting(300 + turn)), LONG)
                note("one client (tokens/s)", server, (count - 1) / (last - first))
        # The first run of a root reads the boot page of its agent; nobody's second run does.
        first_of_run(quipu, env, "Say hello.")
        for turn in range(rounds):
            beside = first_of_run(quipu, env, "Say hello.")
            if beside is not None:
                note("first token of run, beside a machine (s)", ours, beside)
            anew = first_of_run(quipu, env, f"Say hello to the number {turn}.")
            if anew is not None:
                note("first token of run, a new prompt (s)", ours, anew)
    finally:
        ours.stop()
        theirs.stop()
    for turn in range(rounds):
        alone = first_of_run(quipu, env, "Say hello.")
        if alone is not None:
            note("first token of run, no machine (s)", ours, alone)
    print(f"| median of {rounds} | quipu | llama-server | ratio |\n| --- | --- | --- | --- |")
    for what, by in seen.items():
        own = statistics.median(by["quipu"])
        other = statistics.median(by["llama-server"]) if "llama-server" in by else None
        rest = f"{other:.3f} | {own / other:.2f}" if other else " | "
        print(f"| {what} | {own:.3f} | {rest} |")


if __name__ == "__main__":
    main()
