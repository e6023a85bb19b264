"""Names of objects: what is allowed, in one place for every storage."""

import re

from mmsconsole.errors import StorageError

KEY_BYTES_MAX = 512
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def is_key_part(name: str) -> bool:
    return _PART.fullmatch(name) is not None


def is_key(name: str) -> bool:
    return len(name) <= KEY_BYTES_MAX and all(is_key_part(part) for part in name.split("/"))


def check_key(key: str) -> str:
    """The key itself. Raises StorageError where it is not a plain relative path.

    Parts are of ASCII letters, digits, '.', '_' and '-' and do not begin with a dot: so there
    is no '..', nothing absolute, and no clash with the temporary files of a write.
    """
    if not is_key(key):
        raise StorageError("not a name for an object", where=repr(key[:KEY_BYTES_MAX]))
    return key
