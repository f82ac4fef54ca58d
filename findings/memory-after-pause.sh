#!/bin/sh
# What the state of a LangGraph run is after it paused for a person's approval.
#
# Guess:   a checkpointer keeps the state: what a node set before interrupt() is there after it, in the same types, or
#          saving fails. A tuple may be a list. The savers are called safe for Map and Set, so for Date too.
# Reality: a step that ran before the pause sees the values themselves, one that runs after it what was read back. In
#          JavaScript Map and Set survive, a Date is a text (inside a Set too), Infinity and NaN are null, and a vector
#          (Float32Array) is an object without a length. In Python datetime and Decimal survive, but a Counter is a
#          plain dict, whose update() replaces where Counter's adds, and a deque has lost its maxlen. All of it without
#          an error, in the saver that only keeps the state in memory as well.
# Seen with @langchain/langgraph 1.7.3 (npm), langgraph 1.2.24: one question asked before and after the pause:
#          due < new Date()                     true     false
#          price <= limit, with no limit        true     false
#          vector.length                        3        undefined
#          counted.update(apples=1), from 2     3        1
#          last two of a deque after append     2 left   3 left
# So:      a test that runs a graph through does not see it, and the step after the approval is the one that acts. Keep
#          only what JSON has in the state (texts, numbers, lists, plain objects) and make dates, counters and windows
#          of it in each step.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check langgraph==1.2.24 langgraph-checkpoint==4.3.2
echo '{"name": "pause", "version": "1.0.0", "private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts \
    @langchain/langgraph@1.7.3 @langchain/core@1.4.0 @langchain/langgraph-checkpoint@1.2.2
cat >pause.mjs <<'JS'
import { Annotation, Command, END, MemorySaver, START, StateGraph, interrupt } from "@langchain/langgraph";

const asked = {
  "due < new Date()": (state) => state.due < new Date(),
  "set of dates, first is a Date": (state) => [...state.dates][0] instanceof Date,
  "price <= limit, limit Infinity": (state) => 5 <= state.limit,
  "score is NaN": (state) => Number.isNaN(state.score),
  "vector.length": (state) => String(state.vector.length),
  "map.get(1)": (state) => state.map.get(1),
};
const seen = Object.fromEntries(Object.keys(asked).map((name) => [name, []]));
const look = (state) => {
  for (const [name, question] of Object.entries(asked)) seen[name].push(question(state.order));
};
const graph = new StateGraph(Annotation.Root({ order: Annotation(), approved: Annotation() }))
  .addNode("set", () => ({
    order: {
      due: new Date("2024-11-01T10:00:00Z"), dates: new Set([new Date(0)]), limit: Infinity, score: NaN,
      vector: new Float32Array([0.5, 1, 2]), map: new Map([[1, "one"]]),
    },
  }))
  .addNode("before", (state) => { look(state); return {}; })
  .addNode("after", (state) => { const approved = interrupt("Pay?"); look(state); return { approved }; })
  .addEdge(START, "set").addEdge("set", "before").addEdge("before", "after").addEdge("after", END)
  .compile({ checkpointer: new MemorySaver() });
const thread = { configurable: { thread_id: "1" } };
await graph.invoke({}, thread);
await graph.invoke(new Command({ resume: true }), thread);
console.log(JSON.stringify(seen));
JS
cat >check.py <<'PY'
import collections, datetime, decimal, json, subprocess, sys
from typing import Any, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

class State(TypedDict, total=False):
    order: dict
    approved: Any

def counted(order):
    copy = order["counted"].copy()
    copy.update({"apples": 1})
    return copy["apples"]

def window(order):
    copy = order["window"].copy()
    copy.append("c")
    return len(copy)

ASKED = {
    'counted.update({"apples": 1}), from 2': counted,
    "window of 2, after append": window,
    "due < now": lambda order: order["due"] < datetime.datetime(2026, 1, 1),
    "amount is a Decimal": lambda order: isinstance(order["amount"], decimal.Decimal),
}
seen = {name: [] for name in ASKED}

def look(state):
    for name, question in ASKED.items():
        seen[name].append(question(state["order"]))

def first(state):
    return {"order": {
        "counted": collections.Counter(apples=2), "window": collections.deque(["a", "b"], maxlen=2),
        "due": datetime.datetime(2024, 11, 1), "amount": decimal.Decimal("1.10"),
    }}

def before(state):
    look(state)
    return {}

def after(state):
    approved = interrupt("Pay?")
    look(state)
    return {"approved": approved}

graph = StateGraph(State).add_node("set", first).add_node("before", before).add_node("after", after)
graph = graph.add_edge(START, "set").add_edge("set", "before").add_edge("before", "after").add_edge("after", END)
graph = graph.compile(checkpointer=InMemorySaver())
thread = {"configurable": {"thread_id": "1"}}
graph.invoke({}, thread)
graph.invoke(Command(resume=True), thread)
script = subprocess.run(["node", "pause.mjs"], capture_output=True, text=True, check=True).stdout
seen = {"JavaScript": json.loads(script.strip().splitlines()[-1]), "Python": seen}
expected = {
    "JavaScript": {
        "due < new Date()": [True, False], "set of dates, first is a Date": [True, False],
        "price <= limit, limit Infinity": [True, False], "score is NaN": [True, False],
        "vector.length": ["3", "undefined"], "map.get(1)": ["one", "one"],
    },
    "Python": {
        'counted.update({"apples": 1}), from 2': [3, 1], "window of 2, after append": [2, 3],
        "due < now": [True, True], "amount is a Decimal": [True, True],
    },
}
for language, rows in seen.items():
    print(f"  {language:40}before   after")
    for name, (early, late) in rows.items():
        print(f"    {name:38}{early!s:9}{late}")
if seen != expected:
    sys.exit(f"CHANGED: was {expected}, is {seen}")
print("as found")
PY
venv/bin/python -W ignore check.py
