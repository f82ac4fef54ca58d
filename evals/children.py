#!/usr/bin/env python3
"""The same question to each of many texts, by children of one process: time with eight at once
against one after the other, the share of the prompts that was cached, and what is left when the
machine is killed in the middle.

    evals/children.py QUIPU [N] [OPTION...]

N texts are made up [default: 50]. The options are passed on to quipu, such as --model NAME.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

TOWNS = ["Varn", "Osk", "Pell", "Tarn", "Wick", "Holm", "Brae", "Lund", "Moss", "Rook"]
ITEMS = ["ropes", "lamps", "barrels", "crates", "anchors", "sails", "nets", "oars", "buoys", "pumps"]


def texts(folder, count):
    paths = []
    for i in range(count):
        path = os.path.join(folder, f"depot{i:03}.txt")
        with open(path, "w", encoding="utf8") as file:
            file.write(
                f"The depot at {TOWNS[i % 10]}{i} holds {100 + 7 * i} {ITEMS[i * 3 % 10]}. "
                f"It was last counted by its keeper in week {1 + i % 52}.\n"
            )
        paths.append(path)
    return paths


PROMPT = "For each of the attached depots, how many things does it hold?"
ONE = "How many things does the depot hold?"


def fail(words, hint):
    sys.exit(f"children: {words}\nchildren: hint: {hint}")


def quipu(program, root, options, *args, check=True):
    done = subprocess.run(
        [program, "--root", root, *options, *args], capture_output=True, text=True, check=False
    )
    if check and done.returncode not in (0, 3):
        fail(done.stderr.strip(), f"`{program} doctor` says what is missing")
    return done.stdout


def attached(paths):
    return [part for path in paths for part in ("--attach", path)]


def right(answer, count):
    return sum(str(100 + 7 * i) in answer for i in range(count))


def usage_of(program, root, options, pid):
    """Prompt tokens, and how many of them were cached, of a process's children."""
    log = json.loads(quipu(program, root, options, "log", str(pid), "--json"))
    prompt = cached = 0
    for child in log.get("children", []):
        own = json.loads(quipu(program, root, options, "log", str(child["pid"]), "--json"))
        usage = (own["process"].get("exit") or {}).get("usage") or {}
        prompt += usage.get("prompt_tokens", 0)
        cached += usage.get("cached_tokens", 0)
    return prompt, cached


def at_once(program, root, options, paths):
    begun = time.monotonic()
    said = quipu(program, root, options, "run", "--format", "json", *attached(paths), PROMPT)
    seconds = time.monotonic() - begun
    report = json.loads(said)
    prompt, cached = usage_of(program, root, options, report["pid"])
    share = cached / prompt if prompt else 0.0
    print(
        f"eight at once: {seconds:.1f} s, {right(str(report['answer']), len(paths))} of {len(paths)} right, "
        f"{share:.2f} of the prompts cached"
    )
    return seconds


def one_by_one(program, root, options, paths):
    tasks = os.path.join(root, "tasks.jsonl")
    with open(tasks, "w", encoding="utf8") as file:
        for i, path in enumerate(paths):
            with open(path, encoding="utf8") as text:
                line = {"id": i, "prompt": ONE, "input": text.read()}
            file.write(json.dumps(line) + "\n")
    begun = time.monotonic()
    said = quipu(program, root, options, "batch", tasks, "--jobs", "1")
    seconds = time.monotonic() - begun
    rows = [json.loads(line) for line in said.splitlines() if line.strip()]
    good = sum(str(100 + 7 * row["id"]) in str(row["answer"]) for row in rows)
    print(f"one after the other: {seconds:.1f} s, {good} of {len(paths)} right")
    return seconds


def killed(program, root, options, paths, seconds):
    """Kills the machine halfway, and has the process go on."""
    process = subprocess.Popen(
        [program, "--root", root, *options, "run", "--format", "json", *attached(paths), PROMPT],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(timeout=seconds / 2)
        fail("it was done before it could be killed", "take more texts")
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    rows = json.loads(quipu(program, root, options, "ps", "--json"))
    parents = [row["pid"] for row in rows if not row.get("child_of")]
    said = quipu(program, root, options, "run", "--format", "json", "--resume", str(max(parents)))
    report = json.loads(said)
    good = right(str(report["answer"]), len(paths))
    print(f"killed in the middle and resumed: {report['status']}, {good} of {len(paths)} right")


def main():
    args = sys.argv[1:]
    if not args:
        sys.exit(__doc__)
    program, rest = args[0], args[1:]
    count = int(rest.pop(0)) if rest and rest[0].isdigit() else 50
    with tempfile.TemporaryDirectory() as folder:
        paths = texts(folder, count)
        for name in ("at_once", "one_by_one", "killed"):
            os.makedirs(os.path.join(folder, name))
        fast = at_once(program, os.path.join(folder, "at_once"), rest, paths)
        slow = one_by_one(program, os.path.join(folder, "one_by_one"), rest, paths)
        print(f"ratio: {fast / slow:.2f}")
        killed(program, os.path.join(folder, "killed"), rest, paths, fast)


if __name__ == "__main__":
    main()
