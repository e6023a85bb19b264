"""Sources as they are: asked over the network, by the agent's preflight."""

import os

from mmsconsole.agent.preflight import Preflight, Requirements, examine
from mmsconsole.errors import MissingPrivileges
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.mongod.roles import with_advice
from mmsconsole.mongod.source_uri import parse_uri
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
        seen = self._examine(uri, Requirements(backup.sync_from, backup.tail_from, 0))
        found = seen.replica_set
        return Identity(found.name, found.set_id, found.server_version, found.fcv, seen.cipher)

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
