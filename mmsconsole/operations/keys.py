"""The keys of an encrypted store: another master key, a new data key. No data is rewritten."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmsconsole.errors import Refused, UsageError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.events import Event
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.views import KeysView

if TYPE_CHECKING:
    from mmsconsole.storage.encryption.encrypted import EncryptedStorage
    from mmsconsole.storage.encryption.master_key import MasterKey


@dataclass(frozen=True, slots=True)
class NewKey:
    """Where the next master key comes from: one of the two."""

    file: Path | None = None
    command: tuple[str, ...] = ()


def rotate(desk: Desk, store: str, new: NewKey, *, new_data_key: bool = False) -> KeysView:
    """Make the store open to the new master key too, or new objects to be under a new data key.

    The settings' own master key goes on opening it, until drop_old.
    """
    if new.file and new.command:
        raise UsageError("name one new master key: a file or a program")
    if not (new.file or new.command or new_data_key):
        raise UsageError("name a new master key, or ask for a new data key")
    storage, current = _opened(desk, store)
    master = _master(new, store, current)
    if new_data_key:
        storage.keys.add_data_key(master)
    opened = storage.keys.wrap_for(master) if master else 0
    if master:
        _event(desk, store, "master key added", "can be opened with a new master key too",
               fingerprint=master.fingerprint)  # fmt: skip
    if new_data_key:
        _event(desk, store, "data key added", "encrypts new objects with a new data key")
    return KeysView(
        store, current.fingerprint, "" if master is None else master.fingerprint,
        storage.keys.count, opened=opened,
    )  # fmt: skip


def drop_old(desk: Desk, store: str) -> KeysView:
    """Close the store to every master key but the one that the settings name."""
    storage, current = _opened(desk, store)
    closed = storage.keys.drop_others()
    if closed:
        _event(desk, store, "master key dropped", "can be opened with its own master key only",
               fingerprint=current.fingerprint)  # fmt: skip
    return KeysView(store, current.fingerprint, "", storage.keys.count, closed=closed)


def _opened(desk: Desk, store: str) -> "tuple[EncryptedStorage, MasterKey]":
    from mmsconsole.storage.encryption.encrypted import EncryptedStorage
    from mmsconsole.storage.open import open_storage

    storage = open_storage(desk.settings, store, memories=desk.memories)
    if not isinstance(storage, EncryptedStorage):
        raise Refused(
            "the store is not encrypted", where=store,
            hint="encryption begins with an empty store: name one with key_file or key_command",
        )  # fmt: skip
    storage.check_key()
    return storage, storage.master


def _master(new: NewKey, store: str, current: "MasterKey") -> "MasterKey | None":
    from mmsconsole.storage.encryption.master_key import key_from_command, key_from_file

    if new.file is None and not new.command:
        return None
    master = key_from_file(new.file) if new.file else key_from_command(new.command)
    if master == current:
        raise Refused("this is the master key that the store has already", where=store)
    return master


def _event(desk: Desk, store: str, kind: str, what: str, **details: str) -> None:
    at, told = desk.clock.now(), f"the store {store} {what}"
    named: Mapping[str, str] = {"store": store, **details}
    event = Event(new_id(), at, kind, told, actor=desk.actor.name, details=dict(named))
    desk.metadata.events.add(event)
