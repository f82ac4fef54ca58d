#!/usr/bin/env python3
"""Many clients that stream at once from one machine, for minutes.

    evals/streams.py QUIPU MODEL [CLIENTS [SECONDS]]

Each of CLIENTS [default: 64] asks again as soon as it is answered, for SECONDS [default: 300], with
prompts of their own behind a shared system prompt. A reply of 429 is waited for as its Retry-After
says. Printed are errors, answers, tokens of the slowest and of the fastest client, first tokens,
and the memory of the server over the time.
It fails on an error, and where the fastest client got more than twice what the slowest got.
"""

import http.client
import json
import os
import pathlib
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

SYSTEM = "You tell stories of the sea. " + "The harbour is old, the boats are many, the wind is fair. " * 20


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def resident(pid):
    """MiB that a process has in memory."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


class Client(threading.Thread):
    def __init__(self, number, port, until):
        super().__init__(daemon=True)
        self.number, self.port, self.until = number, port, until
        self.chance = random.Random(number)
        self.tokens, self.answers, self.firsts, self.errors, self.waits = 0, 0, [], [], 0

    def run(self):
        while time.monotonic() < self.until:
            try:
                self.once()
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.errors.append(repr(error))
                time.sleep(1)

    def once(self):
        task = f"Tell the story of boat {self.chance.randrange(10**6)}."
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": task}]
        body = {"messages": messages, "max_tokens": 64, "temperature": 0.8, "stream": True}
        begun = time.monotonic()
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        link.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        reply = link.getresponse()
        if reply.status == 429:
            self.waits += 1
            time.sleep(float(reply.headers["Retry-After"]))
            return
        if reply.status != 200:
            raise ValueError(f"{reply.status}: {reply.read()[:300]}")
        done, fresh = False, True
        for line in reply:
            if line.startswith(b"data: [DONE]"):
                done = True
            elif line.startswith(b"data: {"):
                event = json.loads(line[6:])
                if "error" in event:
                    raise ValueError(str(event["error"]))
                if any(choice["delta"].get("content") for choice in event.get("choices") or []):
                    if fresh:
                        self.firsts.append(time.monotonic() - begun)
                    fresh = False
                    self.tokens += 1
        link.close()
        if not done:
            raise ValueError("a stream ended without [DONE]")
        self.answers += 1


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    quipu, model = os.path.abspath(sys.argv[1]), sys.argv[2]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 64
    seconds = int(sys.argv[4]) if len(sys.argv) > 4 else 300
    port = free_port()
    with tempfile.TemporaryDirectory() as root:
        server = subprocess.Popen(
            [quipu, "serve", "--addr", f"127.0.0.1:{port}"],
            env=os.environ | {"QUIPU_ROOT": root, "QUIPU_MODEL": model},
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2400):
            try:
                asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                asked.request("GET", "/health")
                if asked.getresponse().status == 200:
                    break
            except OSError:
                pass
            time.sleep(0.05)
        else:
            sys.exit("streams: the server did not start")
        begun = time.monotonic()
        clients = [Client(number, port, begun + seconds) for number in range(count)]
        for client in clients:
            client.start()
        memory = []
        while time.monotonic() < begun + seconds:
            time.sleep(min(5, seconds / 10))
            memory.append(resident(server.pid))
        for client in clients:
            client.join(300)
        server.send_signal(signal.SIGINT)
        server.wait()
    errors = [error for client in clients for error in client.errors]
    tokens = sorted(client.tokens for client in clients)
    firsts = sorted(first for client in clients for first in client.firsts)
    print(f"{count} clients, {seconds} s: {sum(c.answers for c in clients)} answers, {sum(tokens)} pieces of text")
    print(f"errors {len(errors)}, told to wait {sum(c.waits for c in clients)} times")
    if not firsts:
        sys.exit("streams: nothing came")
    print(f"pieces a client: {tokens[0]} to {tokens[-1]}, ratio {tokens[-1] / max(tokens[0], 1):.2f}")
    print(f"first token: median {statistics.median(firsts):.2f} s, p99 {firsts[int(len(firsts) * 0.99)]:.2f} s")
    part = max(1, len(memory) // 5)
    print("memory (MiB):", " ".join(str(m) for m in memory[::part]), f"last {memory[-1]}")
    for error in sorted(set(errors))[:5]:
        print("error:", error)
    if errors or tokens[-1] > 2 * tokens[0]:
        sys.exit(1)


if __name__ == "__main__":
    main()
