"""Sources as they are: asked over the network, by the agent's preflight."""

import os
from dataclasses import replace

from mmsconsole.agent.preflight import Preflight, Requirements, examine
from mmsconsole.errors import MissingPrivileges, NotAReplicaSet
from mmsconsole.metadata.deployments import Deployment, DeploymentKind
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.mongod.roles import with_advice
from mmsconsole.mongod.source_errors import source_errors
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.mongod.topology import ReplicaSet, inspect, inspect_standalone
from mmsconsole.operations.sources import Identity, Size
from mmsconsole.secret import Secret
from mmsconsole.settings import Settings


class RealSources:
    """Implements Sources."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def identify(self, uri: Secret) -> Identity:
        """Rights and version are looked at too; the oplog's length only when a backup starts."""
        backup = self._settings.tree.backup
        try:
            seen = self._examine(uri, Requirements(backup.sync_from, backup.tail_from, 0))
        except NotAReplicaSet:
            alone = _standalone(uri)
            if alone is None:
                raise
            return alone
        return replace(_identity(seen.replica_set), cipher=seen.cipher)

    def recognise(self, uri: Secret) -> Identity:
        source = parse_uri(uri)
        try:
            with source_errors(source.redacted), source.client() as client:
                return _identity(inspect(client))
        except NotAReplicaSet:
            alone = _standalone(uri)
            if alone is None:
                raise
            return alone

    def preflight(self, deployment: Deployment) -> Size:
        requirements = Requirements(
            sync_from=deployment.sync_from.value,
            tail_from=deployment.tail_from.value,
            window_hours_min=self._settings.tree.backup.oplog_window_hours_min,
            set_id=deployment.set_id,
        )
        found = self._examine(deployment.uri, requirements)
        return Size(found.data_bytes, found.storage_bytes + found.index_bytes)

    def _examine(self, uri: Secret, requirements: Requirements) -> Preflight:
        source = parse_uri(uri)
        binaries = find_binaries(self._settings.tree.mongod.binaries, os.environ)
        try:
            return examine(source, requirements, binaries)
        except MissingPrivileges as error:
            raise with_advice(error, source) from error


def _identity(found: ReplicaSet) -> Identity:
    return Identity(found.name, found.set_id, found.server_version, found.fcv)


def _standalone(uri: Secret) -> Identity | None:
    """None for what is no standalone either: a mongos, a set that is not initiated."""
    source = parse_uri(uri)
    if len(source.seeds) != 1:
        return None
    with source_errors(source.redacted), source.client() as client:
        found = inspect_standalone(client)
    if found is None:
        return None
    kind = DeploymentKind.STANDALONE
    set_id = f"standalone {str(source.seeds[0]).lower()}"
    return Identity("", set_id, found.server_version, found.fcv, kind=kind)
