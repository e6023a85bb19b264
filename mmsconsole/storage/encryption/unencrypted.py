"""A store without a master key: everything goes through, unless the store is an encrypted one."""

import threading

from mmsconsole.errors import KeyUnusable
from mmsconsole.storage.base import Storage
from mmsconsole.storage.encryption.data_keys import FOLDER, is_sealed, wraps_in
from mmsconsole.storage.forwarding import Forwarding


class UnencryptedStorage(Forwarding):
    """Wraps a storage and implements Storage. Looks once, before the first call.

    Everything raises KeyUnusable where the store is encrypted: what would be written is meant
    to be secret, and what would be read looks damaged.
    """

    def __init__(self, inner: Storage) -> None:
        self.unchecked = inner
        self._is_checked = False
        self._lock = threading.Lock()

    def check_key(self) -> None:
        """Raises KeyUnusable."""
        if wraps_in(self.unchecked):
            raise KeyUnusable("the store is encrypted, and no master key is named", where=FOLDER)
        first = next(iter(self.unchecked.list("")), None)
        if first is not None and is_sealed(self.unchecked, first.key):
            what = "the store is encrypted, no master key is named, and its data keys are gone"
            raise KeyUnusable(what, where=FOLDER)

    @property
    def _inner(self) -> Storage:
        with self._lock:
            if not self._is_checked:
                self.check_key()
                self._is_checked = True
        return self.unchecked
