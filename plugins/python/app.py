"""The python tool: runs one program in a fresh interpreter.

The host gives every call an instance of its own, so nothing a program does to this
interpreter outlives the call. What a program prints is in `streams`, what it comes to
in `result`.
"""

import builtins
import gc
import io
import random
import sys
import traceback
import types
import warnings

import library  # noqa: F401  (imports what programs may want)
from result import NOTHING, Program
from streams import Stream
from wit_world import Outcome

# How the program is called in tracebacks.
NAME = "<program>"
# Characters of the line that failed.
LINE_CHARS_MAX = 200
# CPython's own limit; the sandbox's stack is deep enough for it.
RECURSION_MAX = 1000


def explained(error):
    """One line on what went wrong, with what to do where that is known."""
    line = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    if isinstance(error, ModuleNotFoundError):
        line += " (there is the standard library, and nothing can be installed)"
    elif isinstance(error, EOFError):
        line += " (input() reads what was given as stdin)"
    elif isinstance(error, SyntaxError) and "'return' outside" in line:
        line += " (print(…) the value, or write it as the last line)"
    return line


def where(error, code):
    """The line of the program that failed: its number, its function, its text."""
    at, function = None, ""
    frame = error.__traceback__
    while frame:
        if frame.tb_frame.f_code.co_filename == NAME:
            at = frame.tb_lineno
            function = frame.tb_frame.f_code.co_name
        frame = frame.tb_next
    if at is None and isinstance(error, SyntaxError) and error.filename == NAME:
        at = error.lineno
    lines = code.splitlines()
    if not at or at > len(lines):
        return ""
    inside = f" in {function}" if function not in ("", "<module>") else ""
    return f"line {at}{inside}: {lines[at - 1].strip()[:LINE_CHARS_MAX]}\n"


def run_program(code, stdout, stderr):
    """Runs `code`. Gives the value of its last line, what went wrong, and a note."""
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    try:
        program = Program(code, NAME)
        exec(program.code, module.__dict__)
        value, note = program.result(module.__dict__, lambda: stdout.text() + stderr.text())
        return value, None, note
    except SystemExit as error:
        if error.code in (None, 0):
            return None, None, None if stdout.text() or stderr.text() else NOTHING
        if isinstance(error.code, str):
            stderr.write(error.code + "\n")
        return None, f"SystemExit: {error.code}", None
    except BaseException as error:
        stderr.write(where(error, code))
        return None, explained(error), None


class WitWorld:
    # Descriptors of the host, which are not there yet while the component is built.
    descriptors = (None, None)

    def run(self, code, stdin):
        stdout, stderr = map(Stream, self.descriptors)
        sys.stdout, sys.stderr, sys.stdin = stdout, stderr, io.StringIO(stdin or "")
        sys.argv = [NAME]
        sys.setrecursionlimit(RECURSION_MAX)
        # The state of the generator was fixed when the component was built.
        random.seed()
        value, error, note = run_program(code, stdout, stderr)
        return Outcome(stdout.text(), stderr.text(), value, error, note)


# Remarks on how a program is written do not help who asked for its result.
warnings.simplefilter("ignore", SyntaxWarning)
# Every call starts from the memory as it is now. What a first run would have to set up
# is set up here: one program that works, and one that fails.
WitWorld().run("print(1)\n1", None)
WitWorld().run("{}['a']", None)
WitWorld.descriptors = (1, 2)
# A collection would write to every object there is, and each page written to is copied.
gc.collect()
gc.freeze()
