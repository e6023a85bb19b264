"""Where a restore goes, and what of the data goes there. Nothing secret is in either."""

from dataclasses import dataclass
from enum import StrEnum


class TargetKind(StrEnum):
    FOLDER = "folder"
    TAR = "tar"
    ARCHIVE = "archive"
    DUMP = "dump"
    LINK = "link"
    SSH = "ssh"
    LIVE = "live"
    OPEN = "open"
    """For reading, on this machine."""


@dataclass(frozen=True, slots=True)
class Target:
    kind: TargetKind
    path: str = ""
    """Folder, tar or archive file, dump folder: absolute. SSH: the remote path."""
    compression: str = ""
    """Tar, link: empty, gzip or zstd. Archive, dump: empty or gzip."""
    host: str = ""
    port: int = 22
    user: str = ""
    identity: str = ""
    """The private key's file; empty: the SSH agent."""
    known_hosts: str = ""
    """A file; empty: the user's own."""
    as_archive: bool = False
    """SSH: one archive file in the place of data files."""
    mb_per_second: float = 0
    """In 1,000,000 bytes; 0: no limit."""
    hours: float = 24
    """How long a link is good, or an opened snapshot is kept open."""
    downloads: int = 1
    """How often a link is good; 0: that is not counted."""
    deployment: str = ""
    """Live: the id of a known deployment; empty: the credential holds the URI."""
    credential: str = ""
    """Id in metadata/restore_secrets.py of what must stay secret: URI, passphrase."""
    overwrite: bool = False
    """Live: drop first what is there (a typed confirmation was given)."""


@dataclass(frozen=True, slots=True)
class Selection:
    namespaces: tuple[str, ...] = ()
    """"db" or "db.collection"; empty: everything."""
    excluded: tuple[str, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    """("db", "db2") or ("db.c", "db2.c2")."""
    users: bool = True
    """And roles."""
    indexes: bool = True
    """But _id's, which always is there."""
    filters: tuple[tuple[str, str], ...] = ()
    """Namespace and an extended JSON filter; for logical targets only."""

    @property
    def is_whole(self) -> bool:
        """Everything, as it is."""
        return self == WHOLE


WHOLE = Selection()
