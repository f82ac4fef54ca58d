"""Prints the zone data of this machine as a Python module, for guests, which have no files.

Each zone is compressed. Where the machine has none the module has none either.
"""

import pathlib
import zlib
import zoneinfo


def data(key):
    for folder in zoneinfo.TZPATH:
        path = pathlib.Path(folder, key)
        if path.is_file():
            return path.read_bytes()
    return None


print('"""Zone data by the names of zones, each compressed."""\n')
print("ZONES = {")
for key in sorted(zoneinfo.available_timezones()):
    found = data(key)
    if found:
        print(f"    {key!r}: {zlib.compress(found, 9)!r},")
print("}")
