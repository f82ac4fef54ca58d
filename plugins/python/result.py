"""The result of a program: the value of its last statement.

As in a notebook the value of a last expression counts, and beyond that what programs
written for a notebook end in: an assignment, a block that assigns, a loop that fills
a list, a function that nothing calls.
"""

import ast
import collections.abc
import inspect
import io
import itertools
import re
import types

# Holds the value of a last expression; no program can write this name.
VALUE = "<value>"
# Characters of the value, and of each value where there are several.
VALUE_CHARS_MAX = 20_000
PART_CHARS_MAX = 500
# Values told where there are several.
PARTS_MAX = 5
# Elements shown of an iterator, which shows none by itself.
ELEMENTS_MAX = 100
# What a method changes in place and says nothing about.
CHANGEABLE = (list, dict, set, bytearray, collections.deque)
# What has names, calls and loops of its own.
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
SCOPES += (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# What must not be evaluated a second time.
ACTING = (ast.Call, ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom)

NOTHING = "nothing was printed and the last line has no value: print(…) what you want to know"


class Program:
    """A program that has been read, with the places where its result will be."""

    def __init__(self, code, name):
        tree = ast.parse(code, name)
        self.last = tree.body[-1] if tree.body else None
        self.bound = {name for node in tree.body[:-1] for name in changed(node)}
        self.places = list(dict.fromkeys(self.ends(tree.body)))
        self.code = compile(tree, name, "exec")

    def ends(self, body):
        """The places a block leaves its value in: a name, or what an assignment has on
        its left. An expression at its end is rewritten to leave its value in VALUE."""
        if not body:
            return []
        match body[-1]:
            case ast.Expr(value) | ast.Return(ast.expr() as value):
                target = ast.Name(VALUE, ast.Store())
                body[-1] = ast.fix_missing_locations(
                    ast.copy_location(ast.Assign([target], value), body[-1])
                )
                return [VALUE, *receiver(value)]
            case ast.Assign(targets=[target, *_]) | ast.AugAssign(target=target):
                return source(target)
            case ast.AnnAssign(target=target, value=ast.expr()):
                return source(target)
            case ast.For() | ast.AsyncFor() | ast.While():
                return self.loop(body[-1])
            case ast.If() | ast.With() | ast.Try() | ast.TryStar() | ast.Match() as block:
                return [place for branch in branches(block) for place in self.ends(branch)]
        return []

    def loop(self, loop):
        """The names of before that a loop changes; else the last it makes."""
        names = list(dict.fromkeys(changed(loop)))
        if known := [name for name in names if name in self.bound]:
            return known
        made = [name for part in loop.body for name in changed(part)]
        found = any(isinstance(node, ast.Break) for node in walk(loop))
        return made[-1:] or (names[-1:] if found else [])

    def result(self, names, printed):
        """The value, as text, and a note where there is something to say instead.
        `names` are the program's when it has ended, `printed` gives its output."""
        value = names.get(VALUE)
        if value is not None:
            return shown(value, VALUE_CHARS_MAX), None
        output = printed()
        if output and isinstance(self.last, (ast.For, ast.AsyncFor, ast.While)):
            return None, None
        found = self.found(names)
        if len(found) == 1:
            [(place, value)] = found
            text = shown(value, VALUE_CHARS_MAX)
            return (None if is_in(output, text, value) else text), None
        if found and not output:
            parts = [f"{place} = {shown(value, PART_CHARS_MAX)}" for place, value in found]
            return None, f"nothing was printed; at the end {', '.join(parts[:PARTS_MAX])}"
        if isinstance(self.last, SCOPES[:2]) and not output:
            return self.called(names, printed)
        return None, None if output else NOTHING

    def found(self, names):
        """What is in the places, as far as that is data."""
        found = []
        for place in self.places:
            try:
                value = eval(place, names) if place != VALUE else None
            except Exception:
                continue
            nothing = place == VALUE or callable(value) or isinstance(value, types.ModuleType)
            if not nothing:
                found.append((place, value))
        # A method's own value counted; its receiver does only where it was changed.
        if VALUE in self.places:
            found = [each for each in found if isinstance(each[1], CHANGEABLE)]
        return found

    def called(self, names, printed):
        """The value of the function that the program ends in and does not call."""
        name = self.last.name
        function = names.get(name)
        try:
            inspect.signature(function).bind()
            callable_now = not inspect.iscoroutinefunction(function)
        except (TypeError, ValueError):
            callable_now = False
        if not callable_now:
            return None, f"nothing was printed: {name} was defined and never called"
        value = function()
        if value is not None:
            return shown(value, VALUE_CHARS_MAX), None
        return None, None if printed() else NOTHING


def branches(block):
    """The blocks that a statement ends in, one of which is the last to run."""
    match block:
        case ast.With():
            return [block.body]
        case ast.If():
            return [block.body, block.orelse]
        case ast.Match():
            return [case.body for case in block.cases]
    return [block.orelse or block.body, *(handler.body for handler in block.handlers)]


def walk(node):
    """The nodes that run in the same scope."""
    yield node
    if not isinstance(node, SCOPES):
        for child in ast.iter_child_nodes(node):
            yield from walk(child)


def changed(tree):
    """The names that a statement binds, or whose objects it changes."""
    for node in walk(tree):
        match node:
            case ast.Name(name, ast.Store()):
                yield name
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                yield from root(node)
            case ast.Expr(value):
                yield from receiver(value)


def root(node):
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return [node.id] if isinstance(node, ast.Name) else []


def receiver(value):
    """The name whose method an expression calls."""
    match value:
        case ast.Call(func=ast.Attribute(value=ast.Name(name))):
            return [name]
    return []


def source(target):
    acts = any(isinstance(node, ACTING) for node in ast.walk(target))
    return [] if acts else [ast.unparse(target)]


def is_in(output, text, value):
    """Whether the output says the value already."""
    said = {text, str(value)} if output else ()
    return any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", output) for each in said)


def shown(value, chars_max):
    more = ""
    if isinstance(value, collections.abc.Iterator) and not isinstance(value, io.IOBase):
        value = list(itertools.islice(value, ELEMENTS_MAX + 1))
        more = f" (the first {ELEMENTS_MAX})" if len(value) > ELEMENTS_MAX else ""
        value = value[:ELEMENTS_MAX]
    text = repr(value).encode("utf-8", "replace").decode("utf-8") + more
    if len(text) <= chars_max:
        return text
    return f"{text[:chars_max]}… [{len(text) - chars_max} more characters]"
