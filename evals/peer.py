#!/usr/bin/env python3
"""The same cases on an OpenAI-compatible server, by a lenient client: what to compare with.

    evals/peer.py CASES.jsonl --url http://127.0.0.1:8080 [--jobs N] >results.jsonl
    quipu eval CASES.jsonl --grade results.jsonl

The functions of a case stand in the system prompt as Qwen2.5's own template has them, and
calls are read out of whatever text comes back: <tool_call>, fenced JSON, bare JSON. A case
without functions is asked plainly, or with --thoughts step by step, where the last number
is the answer.
"""

import argparse
import concurrent.futures
import json
import re
import time
import urllib.request

TOOLS = """You are a helpful assistant.

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""
THOUGHTS = '\nThink step by step, and end with "Answer: " and the number.'


def ask(url, messages, tokens):
    body = {"messages": messages, "temperature": 0, "max_tokens": tokens}
    request = urllib.request.Request(
        url + "/v1/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=600) as response:
        answer = json.load(response)
    return answer["choices"][0]["message"]["content"] or "", answer["usage"]["completion_tokens"]


def values(text):
    """Every JSON value that begins at an opening bracket."""
    decoder, at = json.JSONDecoder(), 0
    while True:
        found = re.search(r"[\[{]", text[at:])
        if not found:
            return
        try:
            value, end = decoder.raw_decode(text, at + found.start())
            yield value
            at = end
        except ValueError:
            at += found.start() + 1


def calls(text):
    found = []
    for value in values(text):
        for call in value if isinstance(value, list) else [value]:
            if isinstance(call, dict) and isinstance(call.get("function"), dict):
                call = call["function"]
            if isinstance(call, dict) and "name" in call:
                args = call.get("arguments", call.get("parameters", {}))
                found.append({"tool": call["name"], "args": args if isinstance(args, dict) else {}})
    return found


def one(case, args):
    functions = case.get("functions", [])
    system = "You are a helpful assistant."
    if functions:
        tools = [
            {"type": "function", "function": {k: f[k] for k in ("name", "description", "parameters")}}
            for f in functions
        ]
        system = TOOLS.format(tools="\n".join(json.dumps(tool) for tool in tools))
    prompt = case["prompt"] + (THOUGHTS if args.thoughts else "")
    begun = time.monotonic()
    messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
    text, tokens = ask(args.url, messages, args.max_tokens)
    row = {
        "id": case["id"],
        "model": "peer",
        "answer": text,
        "calls": calls(text) if functions else [],
        "steps": 1,
        "status": "exited",
        "tokens": tokens,
        "ms": round((time.monotonic() - begun) * 1000),
    }
    if args.thoughts:
        numbers = re.findall(r"-?\d[\d,]*\.?\d*", text.split("Answer:")[-1])
        row["answer"] = numbers[0 if "Answer:" in text else -1].rstrip(".,") if numbers else text
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("cases")
    parser.add_argument("--url", required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--max-tokens", type=int, default=512)
    parser.add_argument("--thoughts", action="store_true")
    args = parser.parse_args()
    with open(args.cases) as file:
        cases = [json.loads(line) for line in file if line.strip()]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for row in pool.map(lambda case: one(case, args), cases):
            print(json.dumps(row, ensure_ascii=False), flush=True)


main()
