"""The python tool: runs one program in a fresh interpreter.

The host gives every call an instance of its own, so nothing a program does to this
interpreter outlives the call. What a program prints is in `streams`, what it comes to
in `result`.
"""

import ast
import builtins
import datetime
import gc
import random
import re
import sys
import textwrap
import time
import traceback
import types
import warnings

import alone
import library
from result import NOTHING, Program
from streams import Descriptors, Stream, stdin as given
from wit_world import Outcome

# How the program is called in tracebacks.
NAME = "<program>"
# Characters of the line that failed.
LINE_CHARS_MAX = 200
# What to do where the component was built without zones.
NO_ZONES = " (there are no zone data; datetime.timezone takes an offset)"
# What to do without a module.
NOT_INSTALLED = " (there is the standard library, and nothing can be installed)"
NOT_HERE = " (this part of the standard library is not here)"
# No clock that runs shows an earlier time, in seconds from 1970.
CLOCK_MIN = 1_000_000_000
# How programs ask what time it is.
ASKS_TIME = re.compile(
    r"\b(utcnow|now|today|time_ns|localtime|gmtime|ctime|asctime)\s*\(|\btime\.time\b"
    r"|\bfrom time import[^\n]*\btime\b"
)
# What stands before the lines that a person typed.
PROMPTS = (">>>", "...")
# The same in IPython, and what it answers.
NUMBERED = re.compile(r"In \[\d+\]: ?|\s+\.\.\.: ?")
# Marks of a fence of Markdown.
FENCES = ("```", "~~~")
# What notebooks take beside Python: commands to themselves, to a shell, and to an installer.
COMMAND = re.compile(r"^[ \t]*(?:[%!]{1,2}[a-zA-Z]|pip3? install ).*$", re.M)
COMMANDS_CHARS_MAX = 200
# Signs that typesetters put in the place of those that programs have.
TYPESET = str.maketrans("“”„‘’\u00a0\u2009\u202f−", "\"\"\"''   -")
# CPython's own limit; the sandbox's stack is deep enough for it.
RECURSION_MAX = 1000


def explained(error):
    """One line on what went wrong, with what to do where that is known."""
    said = traceback.format_exception_only(error)
    # What a program cannot be read for stands behind the line in which it is.
    said = said[-1:] if isinstance(error, SyntaxError) else said
    line = " ".join(part.strip() for part in "".join(said).splitlines())
    if isinstance(error, ModuleNotFoundError):
        root = str(error.name).split(".")[0]
        line += NOT_HERE if root in sys.stdlib_module_names else NOT_INSTALLED
    elif isinstance(error, FileNotFoundError):
        line += " (there are no files here; io.StringIO holds a text, and sys.stdin what was given)"
    elif type(error).__name__ == "ZoneInfoNotFoundError":
        line += " (there is no such zone)" if library.ZONES else NO_ZONES
    elif isinstance(error, EOFError):
        line += " (input() reads what was given as stdin)"
    elif isinstance(error, SyntaxError) and "'return' outside" in line:
        line += " (print(…) the value, or write it as the last line)"
    elif isinstance(error, SyntaxError) and "'await' outside" in line:
        line += " (write it in a function, and asyncio.run(…) that)"
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


def of_clock(code):
    """What to know of a program that asks what time it is, where no clock runs."""
    # Whoever wrote the program may have told it the day.
    told = datetime.datetime.now().year > 1970
    if time.time() < CLOCK_MIN and ASKS_TIME.search(code) and not told:
        return "no clock runs here: the time that the program sees is 1970-01-01, and not now"
    return None


def bare(code):
    """The program in `code`, which may begin with a mark of its encoding, stand in a fence of
    Markdown, be indented as a whole, or be the record of a session. The numbers of lines stay."""
    code = code.removeprefix("\ufeff")
    lines = code.strip().splitlines()
    if len(lines) > 1 and lines[0].startswith(FENCES) and lines[-1].strip() == lines[0][:3]:
        return bare("\n".join(["", *lines[1:-1]]))
    if lines and lines[0].startswith(PROMPTS[0]):
        said = [line.lstrip() for line in code.splitlines()]
        return "\n".join(line[4:] if line.startswith(PROMPTS) else "" for line in said)
    if lines and lines[0].startswith("In [") and NUMBERED.match(lines[0]):
        said = [(line, NUMBERED.match(line)) for line in code.splitlines()]
        return "\n".join(line[prompt.end() :] if prompt else "" for line, prompt in said)
    first = next((line for line in code.splitlines() if line.strip()), "")
    # Elsewhere a blank line may be of a text, with its spaces.
    return textwrap.dedent(code) if first[:1].isspace() else code


def is_python(code):
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def meant(code):
    """`code` without what is no Python in it, and a note on what was left out; as it is where
    that makes no program of it. The numbers of lines stay."""
    if is_python(code):
        return code, None
    commands = [found.group().strip() for found in COMMAND.finditer(code)]
    left = f"left out, as it is no Python: {'; '.join(commands)[:COMMANDS_CHARS_MAX]}"
    plain = COMMAND.sub("", code)
    for program in (plain, plain.translate(TYPESET)):
        if program != code and is_python(program):
            return program, left if commands else None
    return code, None


def printed(stdout, stderr):
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass
    return stdout.text() + stderr.text()


def flush(module):
    """What a program has wrapped anew may still hold something back."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass
    # A wrapper that nobody holds writes what it has.
    module.__dict__.clear()


def run_program(code, stdout, stderr):
    """Runs `code`. Gives the value of its last line, what went wrong, and a note."""
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    module.__dict__["__file__"] = NAME
    sys.modules["__main__"] = module
    try:
        program = Program(code, NAME)
        exec(program.code, module.__dict__)
        value, note = program.result(module.__dict__, lambda: printed(stdout, stderr))
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
    finally:
        flush(module)


DESCRIPTORS = Descriptors()


class WitWorld:
    # Descriptors of the host, which are not there yet while the component is built.
    descriptors = (None, None)

    def run(self, code, stdin):
        stdout, stderr = Stream(self.descriptors[0], 1), Stream(self.descriptors[1], 2)
        sys.stdout, sys.stderr, sys.stdin = stdout, stderr, given(stdin or "")
        sys.__stdout__, sys.__stderr__, sys.__stdin__ = stdout, stderr, sys.stdin
        DESCRIPTORS.use(sys.stdin.buffer, stdout, stderr)
        sys.argv = [NAME]
        sys.setrecursionlimit(RECURSION_MAX)
        # The deadline bounds how long a number takes to be written.
        sys.set_int_max_str_digits(0)
        # The state of the generator was fixed when the component was built.
        random.seed()
        program, left = meant(bare(code))
        value, error, note = run_program(program, stdout, stderr)
        note = "; ".join(filter(None, [note, left, of_clock(code)])) or None
        return Outcome(stdout.text(), stderr.text(), value, error, note)


alone.set_up()
# What notebooks have, and where nobody looks on there is nothing to stop for.
builtins.display = print
sys.breakpointhook = lambda *_, **__: None
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
