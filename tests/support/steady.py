"""A replica set whose settings are changed: that it keeps its primary, for tests that are about
something else.
"""

from collections.abc import Mapping
from typing import Any

from pymongo import MongoClient

from mmsconsole.demo.replica_set import LocalReplicaSet
from tests.support.patience import patiently

STANDSTILL_SECONDS = 300
"""So long a member may stand still."""


def keep_primary(source: LocalReplicaSet) -> LocalReplicaSet:
    """From now on nobody is called dead, and nobody stands for election, because the machine
    was busy for a while: our sets would else do so within two seconds.
    """
    with source.client() as client:
        change_settings(
            client,
            electionTimeoutMillis=STANDSTILL_SECONDS * 1000,
            heartbeatTimeoutSecs=STANDSTILL_SECONDS,
        )
    return source


def change_settings(client: MongoClient[dict[str, Any]], **changes: object) -> None:
    """Of the set. Not before a majority has the configuration that is to be changed."""
    patiently(lambda: _change_settings(client, changes))


def _change_settings(client: MongoClient[dict[str, Any]], changes: Mapping[str, object]) -> None:
    config = client.admin.command("replSetGetConfig")["config"]
    config["version"] += 1
    config["settings"].update(changes)
    client.admin.command("replSetReconfig", config)
