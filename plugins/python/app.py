"""The python tool: runs one program in a fresh interpreter.

The host gives every call an instance of its own, so nothing a program does to this
interpreter outlives the call.
"""

import ast
import builtins
import gc
import io
import linecache
import random
import sys
import traceback
import types

import library  # noqa: F401  (imports what programs may want)
from wit_world import Outcome

# How the program is called in tracebacks.
NAME = "<program>"
# Characters kept of each stream: a program that prints without end must not fill the
# memory it runs in, and the rest is counted and told.
STREAM_CHARS_MAX = 200_000
# Characters of the value of the last line.
VALUE_CHARS_MAX = 20_000
# CPython's own limit; the sandbox's stack is deep enough for it.
RECURSION_MAX = 1000


class Stream(io.TextIOBase):
    """What a program printed, up to a limit."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self):
        self.parts = []
        self.kept = 0
        self.lost = 0
        self.buffer = Bytes(self)

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        room = STREAM_CHARS_MAX - self.kept
        part = text[:room] if room < len(text) else text
        if part:
            self.parts.append(part)
            self.kept += len(part)
        self.lost += len(text) - len(part)
        return len(text)

    def text(self):
        # Lone surrogates have no form outside Python.
        text = "".join(self.parts).encode("utf-8", "replace").decode("utf-8")
        if self.lost:
            text += f"\n[{self.lost} more characters were printed and not kept]"
        return text


class Bytes(io.RawIOBase):
    """The bytes side of a stream, for `sys.stdout.buffer`."""

    def __init__(self, stream):
        self.stream = stream

    def writable(self):
        return True

    def write(self, data):
        data = bytes(data)
        self.stream.write(data.decode("utf-8", "replace"))
        return len(data)


def compiled(code):
    """The program, and its last line by itself where that is an expression."""
    tree = ast.parse(code, NAME)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = compile(ast.Expression(tree.body.pop().value), NAME, "eval")
    return compile(tree, NAME, "exec"), last


def shown(value):
    text = repr(value).encode("utf-8", "replace").decode("utf-8")
    if len(text) <= VALUE_CHARS_MAX:
        return text
    return f"{text[:VALUE_CHARS_MAX]}… [{len(text) - VALUE_CHARS_MAX} more characters]"


def explained(error):
    """One line on what went wrong, with what to do where that is known."""
    line = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    if isinstance(error, ModuleNotFoundError):
        line += " (there is the standard library, and nothing can be installed)"
    elif isinstance(error, EOFError):
        line += " (input() reads what was given as stdin)"
    return line


def trimmed(error):
    """The traceback from the program's own first frame on."""
    frame = error.__traceback__
    while frame and frame.tb_frame.f_code.co_filename != NAME:
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame))


def run_program(code, stderr):
    """Runs `code` and gives the value of its last line and what went wrong."""
    # Where tracebacks look for the lines they show.
    linecache.cache[NAME] = (len(code), None, code.splitlines(True), NAME)
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    try:
        body, last = compiled(code)
        exec(body, module.__dict__)
        value = eval(last, module.__dict__) if last else None
        return (None if value is None else shown(value)), None
    except SystemExit as error:
        if error.code in (None, 0):
            return None, None
        if isinstance(error.code, str):
            stderr.write(error.code + "\n")
        return None, f"SystemExit: {error.code}"
    except BaseException as error:
        stderr.write(trimmed(error))
        return None, explained(error)


class WitWorld:
    def run(self, code, stdin):
        stdout, stderr = Stream(), Stream()
        sys.stdout, sys.stderr, sys.stdin = stdout, stderr, io.StringIO(stdin or "")
        sys.argv = [NAME]
        sys.setrecursionlimit(RECURSION_MAX)
        # The state of the generator was fixed when the component was built.
        random.seed()
        value, error = run_program(code, stderr)
        return Outcome(stdout.text(), stderr.text(), value, error)


# Every call starts from the memory as it is now. What a first run would have to set up
# is set up here: one program that works, and one that fails.
WitWorld().run("print(1)\n1", None)
WitWorld().run("{}['a']", None)
# A collection would write to every object there is, and each page written to is copied.
gc.collect()
gc.freeze()
