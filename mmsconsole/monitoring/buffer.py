"""Samples that wait to be taken, in bounded memory: when it is full, the oldest go. Pure."""

from array import array
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from mmsconsole.metadata.samples import Sample

SAMPLE_BYTES = 400
"""Of one without its values: the tuple, its strings and the array's head."""
VALUE_BYTES = 8
NAME_SETS_MAX = 1000
"""Different sets of names that are remembered."""


class _Packed(NamedTuple):
    """A sample in a tenth of the memory: samples of one kind share their names."""

    deployment: str
    subject: str
    at: datetime
    names: tuple[str, ...]
    values: "array[float]"


class SampleBuffer:
    """Belongs to whoever holds a lock around it."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._waiting: deque[_Packed] = deque()
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.bytes = 0
        self.dropped = 0
        """So far."""

    def add(self, samples: Iterable[Sample]) -> None:
        for sample in samples:
            packed = self._pack(sample)
            self._waiting.append(packed)
            self.bytes += _size(packed)
        while self.bytes > self._max_bytes and self._waiting:
            self._forget_oldest()
            self.dropped += 1

    def oldest(self, count: int) -> list[Sample]:
        """They stay until taken() is called."""
        return [_unpack(self._waiting[index]) for index in range(min(count, len(self._waiting)))]

    def taken(self, samples: Iterable[Sample]) -> None:
        """Those that oldest() told; some may have been dropped meanwhile."""
        for sample in samples:
            first = self._waiting[0] if self._waiting else None
            if first is not None and (first.at, first.subject) == (sample.at, sample.subject):
                self._forget_oldest()

    def forget(self, deployment: str) -> None:
        self._waiting = deque(one for one in self._waiting if one.deployment != deployment)
        self.bytes = sum(map(_size, self._waiting))

    @property
    def oldest_at(self) -> datetime | None:
        return min((one.at for one in self._waiting), default=None)

    def __len__(self) -> int:
        return len(self._waiting)

    def _pack(self, sample: Sample) -> _Packed:
        names = tuple(sample.values)
        if names not in self._names:
            if len(self._names) >= NAME_SETS_MAX:
                self._names.clear()  # members whose fields change all the time
            self._names[names] = names
        values = array("d", sample.values.values())
        return _Packed(sample.deployment, sample.subject, sample.at, self._names[names], values)

    def _forget_oldest(self) -> None:
        self.bytes -= _size(self._waiting.popleft())


def _unpack(packed: _Packed) -> Sample:
    values = dict(zip(packed.names, packed.values, strict=True))
    return Sample(packed.deployment, packed.subject, packed.at, values)


def _size(packed: _Packed) -> int:
    return SAMPLE_BYTES + VALUE_BYTES * len(packed.values)
