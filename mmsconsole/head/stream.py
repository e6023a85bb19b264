"""The entries of stored arrays, one behind the other, one by one or many at a time."""

from mmsconsole.head.batch import Batch
from mmsconsole.head.plain import PlainEntries, Taken
from mmsconsole.oplog.entry import Entry, array_end, entry_at


class EntryStream:
    """Of the BSON arrays that lie one behind the other in `arrays`."""

    def __init__(self, arrays: bytes, plain: PlainEntries) -> None:
        self._arrays = arrays
        self._plain = plain
        self._at = 0
        self._last = 0
        """The closing zero of the array that `_at` is in; an array's end before the first."""
        self._next_array = 0

    def next(self) -> Entry | None:
        """None at the end. Raises UnreadableEntry."""
        while self._at >= self._last:
            if self._next_array >= len(self._arrays):
                return None
            self._at = self._next_array + 4
            self._next_array = array_end(self._arrays, self._next_array)
            self._last = self._next_array - 1
        entry = entry_at(self._arrays, self._at, self._last)
        self._at = entry.end
        return entry

    def take_plain(self, batch: Batch, after: int, until: int) -> Taken | None:
        """Put into the batch what comes next, as far as it is plain, has room, and comes behind
        `after` and not behind `until` (seconds << 32 | increment). None: nothing was.
        """
        taken = self._plain.take(
            self._arrays, self._at, self._last, after, until, batch.room, batch.raws
        )
        if taken.at == self._at:
            return None
        batch.room = taken.room
        self._at = taken.at
        return taken
