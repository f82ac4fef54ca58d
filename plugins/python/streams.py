"""What a program prints: kept up to a limit, and told to the host as it comes."""

import io
import os

# Characters kept of each stream: a program that prints without end must not fill the
# memory it runs in, and the rest is counted and told.
STREAM_CHARS_MAX = 200_000
# Bytes of each stream told to the host. It stops a guest that prints too much.
TOLD_BYTES_MAX = 32_000


class Stream(io.TextIOBase):
    """What a program printed, up to a limit.

    `descriptor` is where the host hears it at once, so that it is not lost when the
    host stops the program; None while the component is built.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, descriptor=None):
        self.parts = []
        self.kept = 0
        self.lost = 0
        self.buffer = Bytes(self)
        self.descriptor = descriptor
        self.untold = []
        self.told = 0

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
            self.tell(part)
        self.lost += len(text) - len(part)
        return len(text)

    def tell(self, part):
        """Tells the host whole lines: a call for each part would double the calls."""
        if self.descriptor is None:
            return
        self.untold.append(part)
        if "\n" not in part and len(self.untold) < 64:
            return
        data = "".join(self.untold).encode("utf-8", "replace")
        self.untold.clear()
        self.told += len(data)
        if self.told > TOLD_BYTES_MAX:
            self.descriptor = None
            return
        try:
            os.write(self.descriptor, data)
        except OSError:
            # The program's own copy is whole; only the host's is not.
            self.descriptor = None

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
