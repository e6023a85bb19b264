"""Names of databases and collections, which come from outside, and the files they go into.

Facts from mongo-tools 100.18: a collection's file is its name query-escaped; when that is longer
than 238 bytes, the first 208 of it, `%24` and the SHA-1 of the plain name.
"""

import base64
import hashlib
from urllib.parse import quote_plus, unquote_plus

from mmsconsole.errors import DumpDamaged

DATABASE_BYTES_MAX = 63
NAMESPACE_BYTES_MAX = 255
"""Of database, dot and collection (4.4 and newer)."""
FILE_BYTES_MAX = 238
_KEPT_BYTES = 208
_HASH_MARK = "%24"
_HASH_CHARACTERS = 27
_NOT_IN_A_DATABASE = frozenset('/\\. "$\0')


def check_names(database: str, collection: str, where: str) -> None:
    """Raises DumpDamaged for what no server has, and no path may be made of."""
    said = f"{database!r}, {collection!r}"[:400]
    if not database or not collection:
        raise DumpDamaged(f"a namespace without a name ({said})", where=where)
    if _NOT_IN_A_DATABASE & set(database):
        raise DumpDamaged(f"no database can have this name: {database!r}"[:400], where=where)
    if "\0" in collection or collection.startswith("."):
        raise DumpDamaged(f"no collection can have this name: {collection!r}"[:400], where=where)
    try:
        longest = len(database.encode()), len(f"{database}.{collection}".encode())
    except UnicodeEncodeError as error:
        raise DumpDamaged(f"a name that is no text ({said})", where=where) from error
    if longest[0] > DATABASE_BYTES_MAX or longest[1] > NAMESPACE_BYTES_MAX:
        raise DumpDamaged(f"a name that is too long ({said})", where=where)


def file_name(collection: str) -> str:
    """Without its ending. Never holds a slash, and never begins with a dot if `check_names`
    took the name."""
    escaped = quote_plus(collection, safe="")
    if len(escaped) <= FILE_BYTES_MAX:
        return escaped
    digest = hashlib.sha1(collection.encode(), usedforsecurity=False).digest()
    hashed = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return escaped[:_KEPT_BYTES] + _HASH_MARK + hashed


def is_hashed(stem: str) -> bool:
    """Whether the file's name tells only a part of the collection's."""
    size = _KEPT_BYTES + len(_HASH_MARK) + _HASH_CHARACTERS
    return len(stem) == size and stem[_KEPT_BYTES:].startswith(_HASH_MARK)


def collection_name(stem: str, where: str) -> str:
    """Of a file's name that is not hashed. Raises DumpDamaged if mongodump writes no such one."""
    try:
        name = unquote_plus(stem, errors="strict")
    except UnicodeDecodeError as error:
        raise DumpDamaged(f"the file's name is no collection's: {stem!r}", where=where) from error
    return name
