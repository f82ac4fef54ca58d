"""Renders chat templates as Hugging Face's transformers does: reads {"templates": [PATH],
"conversations": [[[ROLE, TEXT]]]} and prints, for each pair, a line of JSON with the text or
the error. Needs jinja2."""

import datetime
import json
import sys

import jinja2
import jinja2.ext
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(jinja2.ext.Extension):
    """The tags around what a model is trained on."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        call = self.call_method("_generation")
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _generation(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def environment():
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[Generation, jinja2.ext.loopcontrols],
    )
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)
    return made


def folded(turns):
    """The system's words at the head of the first of the others."""
    system = "".join(text for role, text in turns if role == "system")
    rest = [list(turn) for turn in turns if turn[0] != "system"]
    rest[0][1] = system + "\n\n" + rest[0][1]
    return rest


def render(template, turns, parts=False):
    content = lambda text: [{"type": "text", "text": text}] if parts else text
    text = template.render(
        messages=[{"role": role, "content": content(text)} for role, text in turns],
        tools=None,
        documents=None,
        add_generation_prompt=True,
        enable_thinking=False,
        bos_token="<s>",
        eos_token="</s>",
    )
    if any(said.strip() not in text for _, said in turns):
        raise ValueError("it leaves a message out")
    return text


def attempts(template, turns):
    """What can be handed over, in the order in which it is tried."""
    yield lambda: render(template, turns)
    yield lambda: render(template, folded(turns))
    yield lambda: render(template, turns, parts=True)
    yield lambda: render(template, folded(turns), parts=True)


def main():
    asked = json.load(sys.stdin)
    made = environment()
    for path in asked["templates"]:
        with open(path, encoding="utf-8", newline="") as file:
            source = file.read()
        for turns in asked["conversations"]:
            answer = {"template": path}
            template = made.from_string(source)
            for attempt in attempts(template, turns):
                try:
                    answer["text"] = attempt()
                    break
                except Exception as error:
                    answer.setdefault("error", f"{type(error).__name__}: {error}")
            print(json.dumps(answer))


if __name__ == "__main__":
    main()
