"""The functions of the tool. Their names, types and descriptions are in wit/world.wit."""

from componentize_py_types import Err
from wit_world import Counts


class WitWorld:
    def count(self, text: str) -> Counts:
        if not text:
            # An error is read by the model that called: say what to do.
            raise Err("the text is empty; give one to count")
        return Counts(words=len(text.split()), characters=len(text))
