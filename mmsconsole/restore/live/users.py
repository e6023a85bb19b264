"""Users and roles, by the server's own way: temporary collections in admin, then its merge.

Nothing ever writes admin.system.users. With drop: false the merge adds those that are not there
and leaves those that are as they are (6.0.5): so nobody's password changes, and whoever runs the
restore keeps the account that it runs with.
"""

import re
from collections.abc import Mapping

from mmsconsole.dump.collections import DumpedCollection
from mmsconsole.restore.live.making import create, drop
from mmsconsole.restore.live.primary import Primary
from mmsconsole.restore.selecting import ACCOUNTS

ADMIN = "admin"
USERS, ROLES = ACCOUNTS
_FIELDS = {USERS: "tempUsersCollection", ROLES: "tempRolesCollection"}
_PREFIX = "mmsconsole_restore"


def temporary_names(restore: str) -> dict[str, str]:
    """system.users, system.roles -> the collection that they are written to first. Pure."""
    tag = re.sub(r"\W", "", restore)[:32]
    return {USERS: f"{_PREFIX}_users_{tag}", ROLES: f"{_PREFIX}_roles_{tag}"}


def make_room(primary: Primary, names: Mapping[str, str]) -> None:
    for name in names.values():
        drop(primary, ADMIN, name)
        create(primary, DumpedCollection(ADMIN, name))


def merge(primary: Primary, names: Mapping[str, str], written: Mapping[str, int]) -> str:
    """Returns a sentence of what came of it. `written`: documents by temporary collection."""
    there = {_FIELDS[kind]: f"{ADMIN}.{name}" for kind, name in names.items() if written.get(name)}
    if there:
        command = {"_mergeAuthzCollections": 1, **there, "drop": False, "db": ""}
        primary.write(ADMIN, command)
    users, roles = (written.get(names[kind], 0) for kind in (USERS, ROLES))
    return f"{users} users and {roles} roles, but for those that were there already"


def clear(primary: Primary, names: Mapping[str, str]) -> None:
    for name in names.values():
        drop(primary, ADMIN, name)
