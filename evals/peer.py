#!/usr/bin/env python3
"""The same cases on an OpenAI-compatible server, by a lenient client: what to compare with.

    evals/peer.py CASES.jsonl --url http://127.0.0.1:8080 [--jobs N] >results.jsonl
    quipu eval CASES.jsonl --grade results.jsonl

It asks once, at temperature 0. The functions of a case stand in the system prompt as
Qwen2.5's own chat template has them, and calls are read out of whatever text comes back:
<tool_call>, fenced JSON, bare JSON. A case without functions is asked to think step by step
and to end with its answer, which is then the last number there (with --plain it is asked as
it is, and the whole text is the answer). Documents, pages and earlier tasks of a case are
not given to the server: such cases are refused.
"""

import argparse
import concurrent.futures
import json
import re
import sys
import time
import urllib.error
import urllib.request

HELPFUL = "You are a helpful assistant."
TOOLS = """

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
THINK = "\n\nThink step by step, and end with 'Answer: N', where N is the number."
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
# What a case may have that one request cannot give.
BEYOND = ("documents", "pages", "before", "tools", "agent")


def ask(args, messages, tools=()):
    """The message that comes back, and the tokens of the request and of it."""
    body = {"messages": messages, "temperature": 0, "max_tokens": args.max_tokens}
    if tools:
        body |= {"tools": tools, "tool_choice": "required", "parallel_tool_calls": True}
    request = urllib.request.Request(
        args.url.rstrip("/") + "/v1/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=600) as response:
        answer = json.load(response)
    usage = answer.get("usage", {})
    return answer["choices"][0]["message"], {
        "prompt_tokens": usage.get("prompt_tokens", 0),
        "cached_tokens": 0,
        "generated_tokens": usage.get("completion_tokens", 0),
    }


def values(text):
    """Every JSON value in a text that begins with a bracket; one whose end is missing is
    closed."""
    decoder, at = json.JSONDecoder(), 0
    while found := re.search(r"[\[{]", text[at:]):
        start = at + found.start()
        try:
            value, at = decoder.raw_decode(text, start)
            yield value
            continue
        except ValueError:
            at = start + 1
        for end in ("}", "}}", "]"):
            try:
                yield json.loads(text[start:].strip() + end)
                return
            except ValueError:
                pass


def calls_in(found_values):
    found = []
    for value in found_values:
        for call in value if isinstance(value, list) else [value]:
            if isinstance(call, dict) and isinstance(call.get("function"), dict):
                call = call["function"]
            if not isinstance(call, dict) or not isinstance(call.get("name"), str):
                continue
            args = call.get("arguments", call.get("parameters", {}))
            if isinstance(args, str):
                try:
                    args = json.loads(args)
                except ValueError:
                    pass
            found.append({"tool": call["name"], "args": args})
    return found


def calls(text):
    """The calls in the first place that has any: marked ones, fenced ones, bare ones."""
    marked = re.findall(r"<tool_call>(.*?)(?:</tool_call>|(?=<tool_call>)|\Z)", text, re.DOTALL)
    fenced = re.findall(r"```(?:json)?\s*(.*?)(?:```|\Z)", text, re.DOTALL)
    for places in (marked, fenced, [text]):
        found = [call for place in places for call in calls_in(values(place))]
        if found:
            return found
    return []


def last_number(text):
    """The last number after the last "Answer:"; None if there is none."""
    numbers = NUMBER.findall(text.rpartition("Answer:")[2])
    return float(numbers[-1].replace(",", "")) if numbers else None


def one(case, args):
    functions = case.get("functions", [])
    thinks = not functions and not args.plain
    system, tools = HELPFUL, []
    if functions:
        fields = ("name", "description", "parameters")
        tools = [
            {"type": "function", "function": {key: f[key] for key in fields if key in f}}
            for f in functions
        ]
    if functions and not args.required:
        system += TOOLS.format(tools="\n".join(json.dumps(tool) for tool in tools))
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": case["prompt"] + (THINK if thinks else "")},
    ]
    row = {"id": case["id"], "model": args.name}
    begun = time.monotonic()
    try:
        said, row["usage"] = ask(args, messages, tools if args.required else ())
    except (OSError, ValueError, KeyError) as error:
        return row | {"status": "failed", "error": str(error)}
    text = said.get("content") or ""
    made = calls_in(said.get("tool_calls") or []) if args.required else calls(text)
    number = last_number(text) if thinks else None
    return row | {
        "answer": text if number is None else number,
        "calls": made if functions else [],
        "steps": 1,
        "status": "exited",
        "ms": round((time.monotonic() - begun) * 1000),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("cases")
    parser.add_argument("--url", required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--max-tokens", type=int, default=512)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--required", action="store_true")
    parser.add_argument("--name", default="peer", help="what results call it")
    args = parser.parse_args()
    with open(args.cases) as file:
        cases = [json.loads(line) for line in file if line.strip()]
    for case in cases:
        beyond = [key for key in BEYOND if case.get(key)]
        if beyond:
            sys.exit(f"peer: case {case['id']} has {beyond[0]!r}, which one request cannot give")
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for row in pool.map(lambda case: one(case, args), cases):
            failed += "error" in row
            print(json.dumps(row, ensure_ascii=False), flush=True)
    if failed:
        sys.exit(f"peer: {failed} of {len(cases)} requests failed")


if __name__ == "__main__":
    main()
