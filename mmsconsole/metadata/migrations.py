"""Bringing the metadata database up to the schema that this program knows.

One document holds the version. Migrations run in order, each bumping it; a migration that was
cut short runs again, and two engines that share the database may run one side by side: each
must do no harm when done twice. New collections and indexes need none, as every start makes
what is missing.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mmsconsole.clock import Clock
from mmsconsole.errors import MetadataError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.policy.policy import SnapshotPolicy, nearest_interval

log = logging.getLogger(__name__)

COLLECTION = "schema"
ID = "schema"

INTERVAL = "snapshot_interval_minutes"
"""A field of deployments up to schema 1."""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    """The schema's version once it has run."""
    what: str
    run: Callable[[Metadata], None]


def _first(metadata: Metadata) -> None:
    metadata.groups.ensure_default()


@metadata_errors()
def _policies(metadata: Metadata) -> None:
    """The interval becomes a part of the policy. What had the default one inherits it."""
    deployments = metadata.deployments.collection
    for found in deployments.find({INTERVAL: {"$exists": True}}, {INTERVAL: 1}):
        minutes = nearest_interval(int(found[INTERVAL]))
        if minutes != SnapshotPolicy().interval_minutes:
            keys = {"keys": {"interval_minutes": minutes}}
            metadata.policies.collection.update_one(
                {"_id": found["_id"]}, {"$setOnInsert": keys}, upsert=True
            )
        deployments.update_one({"_id": found["_id"]}, {"$unset": {INTERVAL: ""}})


MIGRATIONS = (
    Migration(1, "the first schema, and the default group", _first),
    Migration(2, "intervals of deployments become policies", _policies),
)


@metadata_errors()
def schema_version(metadata: Metadata) -> int:
    """0 before the first migration."""
    document = metadata.database[COLLECTION].find_one({"_id": ID})
    return int(document["version"]) if document else 0


def check_schema(version: int, newest: int = MIGRATIONS[-1].version) -> None:
    """Raises MetadataError for a schema of a newer program."""
    if version > newest:
        raise MetadataError(
            f"the metadata database has schema {version}; this program knows {newest} at most",
            hint="use the newer mmsconsole that wrote it",
        )


def migrate(metadata: Metadata, clock: Clock, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Run what is missing; returns the schema's version. Raises MetadataError."""
    version = schema_version(metadata)
    check_schema(version, migrations[-1].version)
    metadata.ensure_indexes()
    for migration in migrations:
        if migration.version > version:
            log.info("metadata schema %d: %s", migration.version, migration.what)
            migration.run(metadata)
            _set_version(metadata, migration.version, clock)
    return migrations[-1].version


@metadata_errors()
def _set_version(metadata: Metadata, version: int, clock: Clock) -> None:
    # $max: another engine, of a newer program, may have gone further meanwhile.
    metadata.database[COLLECTION].update_one(
        {"_id": ID}, {"$max": {"version": version}, "$set": {"at": clock.now()}}, upsert=True
    )
