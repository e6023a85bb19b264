"""The data keys of an encrypted store. They lie in it, wrapped by the master key.

keys/<id of the data key>/<fingerprint of the master key>.key

A data key has a wrap for each master key that opens it: one, and while the master key is being
changed two. Wraps are written anew, never over one another, so a crash leaves each whole or absent.
"""

import secrets
import struct
import threading
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mmsconsole.errors import KeyUnusable, ObjectMissing, Refused
from mmsconsole.storage.base import Storage
from mmsconsole.storage.encryption.master_key import FINGERPRINT_BYTES, MasterKey
from mmsconsole.storage.encryption.sealing import ID_BYTES, KEY_BYTES, MAGIC, TAG_BYTES, DataKey

FOLDER = "keys"
WRAP_MAGIC = b"MMSDKEY\0"
VERSION = 1
NONCE_BYTES = 12

_bound = struct.Struct(f"<8sHH{ID_BYTES}s{FINGERPRINT_BYTES}s")
_wrap = struct.Struct(f"<{_bound.size}s{NONCE_BYTES}s{KEY_BYTES + TAG_BYTES}sI")
_id = struct.Struct(f">I{ID_BYTES - 4}s")
WRAP_BYTES = _wrap.size
COPY_HINT = "put back a copy of the store's folder keys/, or the master key that belongs to it"


@dataclass(frozen=True, slots=True)
class WrapName:
    data_key: bytes
    """Its id."""
    fingerprint: str
    """Of the master key."""

    @property
    def key(self) -> str:
        return f"{FOLDER}/{self.data_key.hex()}/{self.fingerprint}.key"


def new_data_key(number: int) -> DataKey:
    """The data key with the highest number is the one that new objects are encrypted with."""
    return DataKey(_id.pack(number, secrets.token_bytes(ID_BYTES - 4)),
                   secrets.token_bytes(KEY_BYTES))  # fmt: skip


def number_of(data_key: bytes) -> int:
    number: int = _id.unpack(data_key)[0]
    return number


def wrapped(data_key: DataKey, master: MasterKey) -> bytes:
    name = WrapName(data_key.id, master.fingerprint)
    bound = _bound.pack(WRAP_MAGIC, VERSION, 0, data_key.id, bytes.fromhex(name.fingerprint))
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(master.wrapping_key).encrypt(nonce, data_key.secret, bound + name.key.encode())
    return _wrap.pack(bound, nonce, sealed, zlib.crc32(bound + nonce + sealed))


def unwrapped(data: bytes, name: WrapName, master: MasterKey) -> DataKey:
    """Raises KeyUnusable. The master key must be the one that the name tells of."""
    damaged = KeyUnusable("the data key is damaged", where=name.key, hint=COPY_HINT)
    if len(data) != WRAP_BYTES:
        raise damaged
    bound, nonce, sealed, checksum = _wrap.unpack(data)
    expected = (WRAP_MAGIC, VERSION, 0, name.data_key, bytes.fromhex(name.fingerprint))
    if zlib.crc32(data[:-4]) != checksum or _bound.unpack(bound) != expected:
        raise damaged
    try:
        cipher = AESGCM(master.wrapping_key)
        return DataKey(name.data_key, cipher.decrypt(nonce, sealed, bound + name.key.encode()))
    except InvalidTag as error:
        raise damaged from error


def wraps_in(storage: Storage) -> list[WrapName]:
    """By the age of their data keys, the oldest first. Foreign names are passed over."""
    return [name for stored in storage.list(FOLDER) if (name := _wrap_name(stored.key))]


def _wrap_name(key: str) -> WrapName | None:
    parts = key.removesuffix(".key").split("/")
    try:
        name = WrapName(bytes.fromhex(parts[1]), parts[2]) if len(parts) == 3 else None
        fits = name is not None and len(bytes.fromhex(name.fingerprint)) == FINGERPRINT_BYTES
    except ValueError:
        return None
    return name if name and fits and len(name.data_key) == ID_BYTES and name.key == key else None


class KeyRing:
    """Of one store. Read when first needed; any number of threads may ask it."""

    def __init__(self, storage: Storage, master: MasterKey) -> None:
        self._storage = storage
        self._master = master
        self._keys: dict[bytes, DataKey] | None = None
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises KeyUnusable where the store can not be used with this master key."""
        with self._lock:
            self._keys = self._read()

    def load(self) -> None:
        """As check, but only the first time."""
        with self._lock:
            self._loaded()

    def current(self) -> DataKey:
        """For new objects. The first one is made here."""
        with self._lock:
            if not self._loaded():
                self._keys = self._read()  # another process may have been first
            if not self._loaded():
                self._add(new_data_key(1), [self._master])
            return self._loaded()[max(self._loaded())]

    def find(self, id_: bytes) -> DataKey | None:
        """Looks again whether one has been added meanwhile."""
        with self._lock:
            if id_ not in self._loaded():
                self._keys = self._read()
            return self._loaded().get(id_)

    # Changing keys

    def add_data_key(self, new_master: MasterKey | None = None) -> None:
        """For objects from now on, of every process that opens the store after this.

        Raises Refused while the master key is being changed to another than `new_master`.
        """
        masters = [self._master] if new_master in (None, self._master) else [
            self._master, new_master]  # fmt: skip
        known = {master.fingerprint for master in masters if master}
        if any(name.fingerprint not in known for name in wraps_in(self._storage)):
            raise Refused(
                "the master key is being changed: a new data key would be lost to one of the two",
                hint="end that first, with --drop-old",
            )  # fmt: skip
        with self._lock:
            number = 1 + max(map(number_of, self._loaded()), default=0)
            self._add(new_data_key(number), [master for master in masters if master])

    def wrap_for(self, master: MasterKey) -> int:
        """Make every data key open to another master key too; returns how many were not yet.

        Each new wrap has been read back before this returns. May be done again at any time.
        """
        with self._lock:
            keys = self._keys = self._read()
            there = {each.data_key for each in wraps_in(self._storage)
                     if each.fingerprint == master.fingerprint}  # fmt: skip
            for data_key in keys.values():
                if data_key.id in there:
                    self._get(WrapName(data_key.id, master.fingerprint), master)
                else:
                    self._put(data_key, master)
            return len(keys.keys() - there)

    def drop_others(self) -> int:
        """Close the store to all master keys but this one; returns how many wraps went.

        Raises KeyUnusable, and removes nothing, unless this one opens every data key.
        """
        with self._lock:
            self._keys = self._read()
            others = [name for name in wraps_in(self._storage)
                      if name.fingerprint != self._master.fingerprint]  # fmt: skip
            for name in others:
                self._storage.delete(name.key)
            return len(others)

    @property
    def count(self) -> int:
        with self._lock:
            return len(self._loaded())

    # With the lock held:

    def _loaded(self) -> dict[bytes, DataKey]:
        if self._keys is None:
            self._keys = self._read()
        return self._keys

    def _read(self) -> dict[bytes, DataKey]:
        names = wraps_in(self._storage)
        ours = [name for name in names if name.fingerprint == self._master.fingerprint]
        if not names:
            _check_empty(self._storage)
        _check_all_open(names, ours, self._master)
        return {name.data_key: self._get(name, self._master) for name in ours}

    def _add(self, data_key: DataKey, masters: Iterable[MasterKey]) -> None:
        for master in masters:
            self._put(data_key, master)
        self._loaded()[data_key.id] = data_key

    def _put(self, data_key: DataKey, master: MasterKey) -> None:
        name = WrapName(data_key.id, master.fingerprint)
        self._storage.put(name.key, [wrapped(data_key, master)])
        self._get(name, master)

    def _get(self, name: WrapName, master: MasterKey) -> DataKey:
        try:
            return unwrapped(self._storage.get(name.key), name, master)
        except ObjectMissing as error:
            what = "the data key has just gone: its master key was changed"
            raise KeyUnusable(what, where=name.key, hint="name the new master key") from error


def _check_all_open(names: Sequence[WrapName], ours: Sequence[WrapName], master: MasterKey) -> None:
    closed = {name.data_key for name in names} - {name.data_key for name in ours}
    if not closed:
        return
    others = ", ".join(sorted({each.fingerprint for each in names if each.data_key in closed}))
    if not ours:
        raise KeyUnusable(
            f"this is not the store's master key: this one is {master.fingerprint}, the store's "
            f"is {others} (fingerprints)",
            where=FOLDER, hint="name the right one in the settings: key_file or key_command",
        )  # fmt: skip
    raise KeyUnusable(
        f"{len(closed)} of the data keys do not open with the master key {master.fingerprint}: "
        "a change of the master key has not ended",
        where=FOLDER, hint=f"name the other one, {others} (fingerprint), and change it again",
    )  # fmt: skip


def _check_empty(storage: Storage) -> None:
    """A store without data keys must be one in which nothing has been written yet."""
    first = next(iter(storage.list("")), None)
    if first is None:
        return
    if is_sealed(storage, first.key):
        raise KeyUnusable("the data keys of the store are gone", where=FOLDER, hint=COPY_HINT)
    raise KeyUnusable(
        "the store holds objects that are not encrypted", where=first.key,
        hint="encryption begins with an empty store: name a new one, and give it the key",
    )  # fmt: skip


def is_sealed(storage: Storage, key: str) -> bool:
    if storage.size(key) < len(MAGIC):
        return False
    return storage.get_range(key, 0, len(MAGIC)) == MAGIC
