#!/bin/sh
# One docstring in Google's style as a tool's description: four agent frameworks.
#
# Guess:   all four read the sections of a docstring: what is under Args goes to the arguments whole, and Returns is
#          left out or kept whole. About Example, Note, a last sentence and the blank line before Args there was no
#          written guess: they turned up among the trials.
# Reality: what is under Example or Note reaches the model in none of the four, and a sentence after the arguments in
#          none either, but that smolagents takes it for the end of the last argument. Returns is dropped by three;
#          pydantic-ai makes XML of it and cuts the sentence at its first colon: "The state: booked or full." is of the
#          type "The state". Without the blank line before Args neither langchain nor pydantic-ai sees arguments; the
#          other two do. No warning.
# Seen with langchain-core 1.8.3, openai-agents 0.24.0, pydantic-ai-slim 2.68.0, smolagents 1.26.0: the rows below.
# So:      "Ask the guest first" is written where people read it and where no model does. Put what a model must know into
#          the summary, before Args, or into an argument's own text, and look at the schema that is sent, not at the
#          function. Moving a tool to another framework needs that look again. In a Returns line no colon, or a type
#          before it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check langchain-core==1.8.3 openai-agents==0.24.0 pydantic-ai-slim==2.68.0 smolagents==1.26.0
cat >check.py <<'PY'
import sys
from agents import function_tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic_ai import Tool
from smolagents._function_type_hints_utils import get_json_schema

FULL = """Books a room.
{blank}    Args:
        city: The city.
        nights: How many nights, at most 14.
{more}"""
MORE = {
    "plain": "",
    "Returns": "\n    Returns:\n        The state: booked or full.\n",
    "Example": "\n    Example:\n        Two nights in Bern are book('Bern', 2).\n",
    "Note": "\n    Note:\n        Ask the guest first.\n",
    "a last sentence": "\n    Ask the guest first.\n",
}

def function(text):
    def book(city: str, nights: int) -> str:
        return "booked"
    book.__doc__ = text
    return book

def langchain(book):
    tool = convert_to_openai_tool(book)["function"]
    return tool["description"], tool["parameters"]

def openai_agents(book):
    tool = function_tool(book)
    return tool.description, tool.params_json_schema

def pydantic_ai(book):
    tool = Tool(book).tool_def
    return tool.description, tool.parameters_json_schema

def smolagents(book):
    tool = get_json_schema(book)["function"]
    return tool["description"], tool["parameters"]

seen = {}
for name, text in [(name, FULL.format(blank="\n", more=more)) for name, more in MORE.items()] + [
    ("no blank line", FULL.format(blank="", more="")),
]:
    for framework in (langchain, openai_agents, pydantic_ai, smolagents):
        description, schema = framework(function(text))
        nights = schema["properties"]["nights"].get("description")
        seen[f"{name}: {framework.__name__}"] = f"{' '.join(description.split())} | nights: {' '.join((nights or '-').split())}"
told = "Books a room. | nights: How many nights, at most 14."
returns = "<returns> <type>The state</type> <description>booked or full.</description> </returns>"
unread = "Books a room. Args: city: The city. nights: How many nights, at most 14. | nights: -"
expected = dict.fromkeys(seen, told) | {
    "Returns: pydantic_ai": told.replace("Books a room.", f"<summary>Books a room.</summary> {returns}"),
    "a last sentence: smolagents": f"{told} Ask the guest first.",
    "no blank line: langchain": unread,
    "no blank line: pydantic_ai": unread,
}
for name, value in seen.items():
    print(f"  {name:32}{value}")
changed = [name for name in seen if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
