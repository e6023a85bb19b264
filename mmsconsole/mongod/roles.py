"""What to grant a user of the source who lacks one of the two roles."""

import json
from typing import Any

from pymongo import MongoClient

from mmsconsole.errors import MissingPrivileges, MmsError
from mmsconsole.mongod.source_errors import source_errors
from mmsconsole.mongod.source_uri import SourceUri

NEEDED = ("backup", "clusterMonitor")
"""Built-in roles; together they allow all that a backup does."""


def with_advice(refused: MissingPrivileges, source: SourceUri) -> MissingPrivileges:
    """The same refusal, with the command that mends it as its hint, where that can be found out."""
    try:
        with source_errors(source.redacted), source.client() as client:
            hint = _grant(client)
    except MmsError:
        hint = ""
    return MissingPrivileges(refused.what, where=refused.where, hint=hint)


def _grant(client: "MongoClient[dict[str, Any]]") -> str:
    """Empty if the user has both: then a role of that name is not the built-in one."""
    info = client.admin.command({"connectionStatus": 1})["authInfo"]
    held = {role["role"] for role in info["authenticatedUserRoles"] if role["db"] == "admin"}
    missing = [role for role in NEEDED if role not in held]
    if not missing or not info["authenticatedUsers"]:
        return ""
    user = info["authenticatedUsers"][0]
    roles = [{"role": role, "db": "admin"} for role in missing]
    database = f"db.getSiblingDB({json.dumps(user['db'])})"
    granting = f"{database}.grantRolesToUser({json.dumps(user['user'])}, {json.dumps(roles)})"
    return f"it lacks {' and '.join(missing)}; in mongosh: {granting}"
