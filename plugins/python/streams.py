"""What a program reads and prints. What it prints is kept up to a limit, and told to the
host as it comes.

Programs use these streams as they would those of a usual interpreter: by their bytes,
wrapped anew, or by the numbers 0, 1 and 2.
"""

import builtins
import codecs
import io
import os

# Characters kept of each stream: a program that prints without end must not fill the
# memory it runs in, and the rest is counted and told.
STREAM_CHARS_MAX = 200_000
# Bytes of each stream told to the host. It stops a guest that prints too much.
TOLD_BYTES_MAX = 32_000
# A program's own is another.
WRITE = os.write


class Stream(io.TextIOBase):
    """What a program printed, up to a limit.

    `descriptor` is where the host hears it at once, so that it is not lost when the
    host stops the program; None while the component is built.
    """

    encoding = "utf-8"
    errors = "replace"
    mode = "w"
    line_buffering = True
    write_through = True

    def __init__(self, descriptor=None, number=1):
        self.number = number
        self.name = "<stdout>" if number == 1 else "<stderr>"
        self.parts = []
        self.kept = 0
        self.lost = 0
        self.buffer = Bytes(self)
        self.descriptor = descriptor
        self.untold = []
        self.told = 0

    def writable(self):
        return True

    def fileno(self):
        return self.number

    def reconfigure(self, **_):
        """There is nothing to set: all is UTF-8 and written through."""

    def detach(self):
        return self.buffer

    def close(self):
        """The host's, which a program does not close."""

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
            WRITE(self.descriptor, data)
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
        # A letter may come in two parts.
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def raw(self):
        return self

    def writable(self):
        return True

    def fileno(self):
        return self.stream.number

    def close(self):
        """As the stream's."""

    def write(self, data):
        data = bytes(data)
        self.stream.write(self.decoder.decode(data))
        return len(data)


class Input(io.BytesIO):
    """The bytes that a program is given to read."""

    name = "<stdin>"

    @property
    def raw(self):
        return self

    def fileno(self):
        return 0


def stdin(text):
    data = Input(text.encode("utf-8", "surrogatepass"))
    return io.TextIOWrapper(data, encoding="utf-8", errors="replace")


class Descriptors:
    """The numbers 0, 1 and 2, which are streams here and no files of the host."""

    def __init__(self):
        self.open, self.read, self.write = builtins.open, os.read, os.write
        self.streams = None
        self.closes, self.fstat = os.close, os.fstat

    def use(self, data, stdout, stderr):
        self.streams = {0: data, 1: stdout.buffer, 2: stderr.buffer}
        builtins.open = io.open = self.opened
        os.read, os.write, os.close, os.fstat = self.reads, self.writes, self.leaves, self.sizes

    def opened(self, file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
        is_number = isinstance(file, int) and not isinstance(file, bool)
        name = os.fspath(file) if not isinstance(file, int) else None
        number = file if is_number else {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}.get(name)
        if number not in self.streams or opener is not None:
            return self.open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        stream = self.streams[number]
        # What is read through one is read for all.
        stream = Shared(stream) if number == 0 else stream
        if "b" in mode:
            return stream
        text = io.TextIOWrapper(stream, encoding=encoding or "utf-8", errors=errors or "replace", newline=newline)
        if number != 0:
            text.reconfigure(write_through=True)
        return text

    def reads(self, fd, length):
        return self.streams[0].read(length) if fd == 0 else self.read(fd, length)

    def writes(self, fd, data):
        stream = self.streams.get(fd) if fd in (1, 2) else None
        return stream.write(data) if stream is not None else self.write(fd, data)

    def sizes(self, fd):
        """How much there is to read is what some programs read."""
        if fd != 0:
            return self.fstat(fd)
        size = self.streams[0].getbuffer().nbytes
        return os.stat_result((0o100400, 0, 0, 1, 0, 0, size, 0, 0, 0))

    def leaves(self, fd):
        return None if fd in self.streams else self.closes(fd)


class Shared(io.BufferedIOBase):
    """Reads what another reads as well, and does not close it."""

    name = 0

    def __init__(self, data):
        self.data = data

    def readable(self):
        return True

    def fileno(self):
        return 0

    def read(self, size=-1):
        return self.data.read(size)

    def read1(self, size=-1):
        return self.data.read1(size)

    def readinto(self, into):
        return self.data.readinto(into)

    def readline(self, size=-1):
        return self.data.readline(size)
