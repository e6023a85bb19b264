"""The stores that the settings name."""

import threading
from collections.abc import Callable, Sequence

from mmsconsole.clock import Clock
from mmsconsole.errors import SettingsError
from mmsconsole.settings import DEFAULT_STORE, Settings
from mmsconsole.storage.base import Storage
from mmsconsole.storage.forwarding import Forwarding
from mmsconsole.storage.marked import Memories
from mmsconsole.task import Cancellation


class Storages:
    """Each is opened when it is first needed, once. For any thread."""

    def __init__(
        self,
        names: Sequence[str],
        open_store: Callable[[str], Storage],
        waits: Cancellation | None = None,
    ) -> None:
        self.names = tuple(names)
        self._open_store = open_store
        self._waits = waits or Cancellation()
        self._opened: dict[str, Storage] = {}
        self._lock = threading.Lock()

    @classmethod
    def one(cls, storage: Storage) -> "Storages":
        """Only the default store."""
        return cls([DEFAULT_STORE], lambda _: storage)

    def of(self, name: str) -> Storage:
        """Raises SettingsError where no store has that name, and what opening it raises."""
        if name not in self.names:
            raise SettingsError(
                f"no store is named {name!r}",
                where="[stores]",
                hint=f"there are: {', '.join(self.names)}; an engine knows those that the settings "
                "named when it started",
            )
        with self._lock:
            if name not in self._opened:
                self._opened[name] = self._open_store(name)
            return self._opened[name]

    def end_waits(self) -> None:
        """For good: calls that wait for a throttle, or for another try, raise Cancelled."""
        self._waits.cancel()


class NamedStorage(Forwarding):
    """The store of a name, opened when it is used: it may be away when it is named."""

    def __init__(self, storages: Storages, name: str) -> None:
        self._storages = storages
        self._name = name

    @property
    def _inner(self) -> Storage:
        return self._storages.of(self._name)


def open_storages(
    settings: Settings, clock: Clock | None = None, memories: Memories | None = None
) -> Storages:
    """Of all stores in the settings; nothing is opened yet. `memories`: see open_storage."""
    from mmsconsole.storage.open import open_storage

    waits = Cancellation()
    return Storages(
        list(settings.stores),
        lambda name: open_storage(settings, name, clock, waits, memories),
        waits,
    )
