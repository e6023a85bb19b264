"""What a user may do, told by connectionStatus: pure."""

from collections.abc import Iterable, Mapping
from typing import Any

NEEDED = (
    "insert", "update", "find", "createCollection", "createIndex", "dropCollection",
    "bypassDocumentValidation", "listCollections",
)  # fmt: skip
"""On every database that is written to; the role restore has them, but for find: readWrite,
or readWriteAnyDatabase, has that."""


def missing_rights(status: Mapping[str, Any], databases: Iterable[str]) -> list[str]:
    """Sentences, one for each database, of what the logged-in user may not do there. None where
    nobody has to log in, or nobody did: the first command tells that.

    `status`: the answer to connectionStatus with showPrivileges.
    """
    info = status.get("authInfo", {})
    if not info.get("authenticatedUsers"):
        return []
    privileges = info.get("authenticatedUserPrivileges", [])
    found = []
    for database in sorted(set(databases)):
        allowed = _allowed(privileges, database)
        lacking = [action for action in NEEDED if action not in allowed]
        if lacking:
            found.append(f"no right on {database!r} to {', '.join(lacking)}")
    return found


def _allowed(privileges: Iterable[Mapping[str, Any]], database: str) -> set[str]:
    """On all collections of the database but those of the system."""
    allowed: set[str] = set()
    for privilege in privileges:
        resource = privilege.get("resource", {})
        everywhere = resource.get("anyResource") is True
        here = resource.get("db") in ("", database) and resource.get("collection") == ""
        if everywhere or here:
            allowed.update(privilege.get("actions", ()))
    return allowed
