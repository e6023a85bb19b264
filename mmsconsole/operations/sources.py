"""A look at a source before anything is written down about it."""

from dataclasses import dataclass
from typing import Protocol

from mmsconsole.metadata.deployments import Deployment, DeploymentKind
from mmsconsole.secret import Secret


@dataclass(frozen=True, slots=True)
class Identity:
    """Which replica set or standalone a connection string leads to, and what runs there."""

    set_name: str
    set_id: str
    server_version: str
    fcv: str
    cipher: str = ""
    """By which its files are encrypted; empty: by none, or that is not known."""
    kind: DeploymentKind = DeploymentKind.REPLICA_SET


@dataclass(frozen=True, slots=True)
class Size:
    """Of what an initial sync would copy."""

    data_bytes: int
    """Of the documents."""
    files_bytes: int
    """Of the source's data files, indexes among them."""


class Sources(Protocol):
    """All raise SourceRefused and SourceError; nothing is changed in the source."""

    def identify(self, uri: Secret) -> Identity:
        """Of what is to be backed up: rights and version are looked at, too."""
        ...

    def recognise(self, uri: Secret) -> Identity:
        """Of what is only to be monitored."""
        ...

    def preflight(self, deployment: Deployment) -> Size:
        """Whether an initial sync can begin now."""
        ...
