"""Which collections a live restore has begun, and which it has finished."""

from dataclasses import replace
from typing import Protocol

from mmsconsole.metadata.live_writes import LiveWrite, LiveWrites, live_write_id


class Notes(Protocol):
    def begun(self) -> dict[str, LiveWrite]:
        """By namespace at the target."""
        ...

    def begin(self, ns: str, *, existed: bool) -> None:
        """Before anything is written or dropped. What was noted of `existed` first stays."""
        ...

    def made(self, ns: str, uuid: str) -> None:
        """It was made just now, and is empty."""
        ...

    def finish(self, ns: str, documents: int) -> None: ...

    def forget(self) -> None: ...


class KeptNotes:
    """In the metadata: they outlive the engine."""

    def __init__(self, records: LiveWrites, restore: str) -> None:
        self._records = records
        self._restore = restore

    def begun(self) -> dict[str, LiveWrite]:
        return {one.ns: one for one in self._records.of(self._restore)}

    def begin(self, ns: str, *, existed: bool) -> None:
        id_ = live_write_id(self._restore, ns)
        if self._records.find(id_) is None:
            self._records.put_all([LiveWrite(id_, self._restore, ns, existed)])

    def made(self, ns: str, uuid: str) -> None:
        id_ = live_write_id(self._restore, ns)
        self._records.set(id_, uuid=uuid, finished=False, documents=0)

    def finish(self, ns: str, documents: int) -> None:
        id_ = live_write_id(self._restore, ns)
        self._records.set(id_, finished=True, documents=documents)

    def forget(self) -> None:
        self._records.forget(self._restore)


class MemoryNotes:
    """For one that begins anew when it was killed."""

    def __init__(self) -> None:
        self._begun: dict[str, LiveWrite] = {}

    def begun(self) -> dict[str, LiveWrite]:
        return dict(self._begun)

    def begin(self, ns: str, *, existed: bool) -> None:
        self._begun.setdefault(ns, LiveWrite(ns, "", ns, existed))

    def made(self, ns: str, uuid: str) -> None:
        self._begun[ns] = replace(self._begun[ns], uuid=uuid, finished=False, documents=0)

    def finish(self, ns: str, documents: int) -> None:
        self._begun[ns] = replace(self._begun[ns], finished=True, documents=documents)

    def forget(self) -> None:
        self._begun.clear()
