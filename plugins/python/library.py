"""The standard library of the guest.

Only what is imported while the component is built exists when it runs, so the useful
part is imported here; a name that cannot be imported fails the build. Left out is what
cannot work in a sandbox: sockets, processes, terminals, and the modules that wrap a C
library the component does not have (bz2, lzma, ctypes, ssl).
"""

import importlib
import io
import zlib
import zoneinfo
import zoneinfo._common

NAMES = """
_ast_unparse _strptime
abc argparse array ast asyncio base64 binascii bisect builtins calendar cmath code
codecs codeop collections collections.abc colorsys concurrent.futures configparser
contextlib contextvars copy copyreg csv dataclasses datetime decimal difflib dis doctest
email email.mime.multipart email.mime.text email.parser email.policy email.utils enum
errno fileinput fnmatch fractions functools gc getopt getpass glob graphlib gzip hashlib
heapq hmac html html.entities html.parser importlib importlib.resources inspect io
ipaddress itertools json keyword linecache locale logging marshal math mimetypes numbers
operator os os.path pathlib pickle pkgutil platform plistlib pprint queue quopri random
re reprlib sched secrets shelve shlex shutil signal sqlite3 stat statistics string
string.templatelib stringprep struct symtable sys tarfile tempfile textwrap threading
time timeit token tokenize tomllib trace traceback types typing unicodedata unittest
unittest.mock urllib.error urllib.parse uuid warnings weakref xml.dom.minidom
xml.etree.ElementTree xml.sax xml.sax.saxutils zipfile zlib zoneinfo encodings.ascii
encodings.base64_codec encodings.cp1251 encodings.cp1252 encodings.cp437
encodings.hex_codec encodings.idna encodings.iso8859_15 encodings.iso8859_2
encodings.koi8_r encodings.latin_1 encodings.punycode encodings.raw_unicode_escape
encodings.rot_13 encodings.unicode_escape encodings.utf_16 encodings.utf_16_be
encodings.utf_16_le encodings.utf_32 encodings.utf_8 encodings.utf_8_sig
"""

for _name in NAMES.split():
    importlib.import_module(_name)

try:
    # Made where the component is built, of what is known there.
    from zone_data import ZONES
except ImportError:
    ZONES = {}


def load_tzdata(key):
    """The data of a zone, as `zoneinfo` asks for it where no folder has it."""
    try:
        return io.BytesIO(zlib.decompress(ZONES[key]))
    except KeyError:
        raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}") from None


if ZONES:
    zoneinfo._common.load_tzdata = load_tzdata
    zoneinfo.available_timezones = lambda: set(ZONES)
