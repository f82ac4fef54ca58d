"""Threads and loops of events, for a program that runs alone.

A component has one thread, and hears nothing from outside. What a program gives to a
thread is done at once where that is started; a loop of events waits by setting its own
clock forward.
"""

import asyncio
import concurrent.futures
import os
import sys
import threading

WAITS = "no other thread runs beside this one: what it waits for never comes"


class Waits(RuntimeError):
    """A program waits for what no other thread can do."""

    # What it is called to whoever wrote the program.
    __module__, __qualname__ = "builtins", "RuntimeError"


def wait(_condition, timeout=None):
    """Nothing happens while a program waits: only the time passes."""
    if timeout is None:
        raise Waits(WAITS)
    return False


class Lock:
    """A lock that nobody else gives back: whoever waits for it is told so."""

    held = False

    def acquire(self, blocking=True, timeout=-1):
        if not self.held:
            self.held = True
            return True
        if blocking and timeout < 0:
            raise Waits(WAITS)
        return False

    def release(self):
        if not self.held:
            raise RuntimeError("release unlocked lock")
        self.held = False

    def locked(self):
        return self.held

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()


def start(thread):
    """Does now what the thread would do meanwhile."""
    if thread._started.is_set():
        raise RuntimeError("threads can only be started once")
    thread._started.set()
    here = threading.get_ident()
    before = threading._active.get(here)
    threading._active[here] = thread
    try:
        thread.run()
    except (SystemExit, Waits) as error:
        if isinstance(error, Waits):
            raise
    except Exception:
        threading.excepthook(threading.ExceptHookArgs([*sys.exc_info(), thread]))
    finally:
        threading._active[here] = before


def join(thread, timeout=None):
    if not thread._started.is_set():
        raise RuntimeError("cannot join thread before it is started")


class Executor(concurrent.futures.Executor):
    """Does what it is given at once."""

    def __init__(self, max_workers=None, *_, initializer=None, initargs=(), **__):
        if initializer:
            initializer(*initargs)

    def submit(self, fn, /, *args, **kwargs):
        future = concurrent.futures.Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Clock:
    """What a loop waits with, and the time that it shows, in seconds."""

    now = 0.0

    def select(self, timeout=None):
        if timeout is None:
            raise Waits(WAITS)
        self.now += max(timeout, 0)
        return []


class Loop(asyncio.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self._selector = Clock()

    def time(self):
        return self._selector.now

    def _process_events(self, events):
        """There are none."""

    def _write_to_self(self):
        """Nobody has to be woken."""


def set_up():
    """Puts these in the places of those that need a machine of their own."""
    # The end of a program is not that of the component, which still tells what it said.
    os._exit = sys.exit
    threading.Thread.start = start
    threading.Thread.join = join
    threading.Thread.is_alive = lambda thread: False
    threading.Condition.wait = wait
    threading.Lock = Lock
    concurrent.futures.ThreadPoolExecutor = Executor
    concurrent.futures.ProcessPoolExecutor = Executor
    events = asyncio.events
    policy = getattr(events, "_get_event_loop_policy", None) or events.get_event_loop_policy
    type(policy())._loop_factory = Loop
    asyncio.SelectorEventLoop = Loop
