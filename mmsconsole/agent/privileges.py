"""Whether the user may do what a backup does: each thing is tried, what is refused is named."""

from collections.abc import Mapping
from typing import Any

from mmsconsole.agent.listing import LIST_DATABASES, has_data, is_listed
from mmsconsole.agent.reader import Reader
from mmsconsole.errors import MissingPrivileges

VERIFYING_ACTIONS = frozenset({"dbHash", "validate"})
"""Not in the roles backup and clusterMonitor. Without them all but verification works."""

_ALWAYS_NEEDED: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("admin", {"replSetGetStatus": 1}),
    ("admin", {"replSetGetConfig": 1}),
    ("local", {"find": "oplog.rs", "limit": 1, "singleBatch": True}),
    ("local", {"collStats": "oplog.rs"}),
    ("config", {"find": "transactions", "limit": 1, "singleBatch": True}),
    ("admin", {"find": "system.users", "limit": 1, "singleBatch": True}),
    ("admin", {"find": "system.roles", "limit": 1, "singleBatch": True}),
)


def check_privileges(reader: Reader) -> None:
    """Raises MissingPrivileges that names all that was refused."""
    trial = _Trial(reader)
    for database, command in _ALWAYS_NEEDED:
        trial.run(database, command)
    listed = trial.run("admin", LIST_DATABASES)
    for entry in listed.get("databases", ()):
        name = str(entry["name"])
        if is_listed(name, ""):
            trial.database(name)
    if trial.refused:
        unique = "; ".join(dict.fromkeys(trial.refused))
        raise MissingPrivileges(f"a backup needs what is refused: {unique}", where=reader.host)


class _Trial:
    """Runs commands and remembers what was refused."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.refused: list[str] = []

    def run(self, database: str, command: Mapping[str, Any]) -> dict[str, Any]:
        """The answer; empty if it was refused."""
        try:
            return self._reader.run(database, command)
        except MissingPrivileges as error:
            self.refused.append(error.what)
            return {}

    def database(self, name: str) -> None:
        """Its listing, its size, and one of its collections."""
        self.run(name, {"dbStats": 1})
        listed = self.run(name, {"listCollections": 1, "nameOnly": True, "cursor": {}})
        for entry in listed.get("cursor", {}).get("firstBatch", ()):
            collection = entry["name"]
            if is_listed(name, collection) and has_data(collection, entry["type"]):
                self.run(name, {"find": collection, "limit": 1, "singleBatch": True})
                self.run(name, {"listIndexes": collection})
                self.run(name, {"collStats": collection})
                return


def may_verify(reader: Reader) -> bool:
    """Whether the user may also run dbHash and validate in every database."""
    command = {"connectionStatus": 1, "showPrivileges": True}
    info = reader.run("admin", command)["authInfo"]
    if not info["authenticatedUsers"]:
        return True  # nobody has to log in there
    everywhere = ({"db": "", "collection": ""}, {"anyResource": True})
    granted = {
        action
        for privilege in info["authenticatedUserPrivileges"]
        if privilege["resource"] in everywhere
        for action in privilege["actions"]
    }
    return granted >= VERIFYING_ACTIONS or "anyAction" in granted
