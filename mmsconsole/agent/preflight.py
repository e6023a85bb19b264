"""Whether a source can be backed up as it is: asked before anything is begun, changes nothing."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from mmsconsole.agent.listing import LIST_DATABASES, is_listed
from mmsconsole.agent.oplog_window import OplogWindow, read_window
from mmsconsole.agent.privileges import check_privileges, may_verify
from mmsconsole.agent.reader import Origin, Prefer, Reader
from mmsconsole.errors import MissingPrivileges, OplogWindowTooShort, ServerTooOld
from mmsconsole.mongod.binaries import MongodBinary, Version, choose_binary
from mmsconsole.mongod.source_uri import SourceUri
from mmsconsole.mongod.topology import ReplicaSet

OLDEST_SERIES = (4, 4)
ANSWER_SECONDS = 30
CIPHER = "AES256-CBC"
"""What an encrypting mongod takes where none is named."""


@dataclass(frozen=True, slots=True)
class Requirements:
    sync_from: Prefer
    tail_from: Prefer
    window_hours_min: float
    set_id: str = ""
    """The replicaSetId that was pinned; empty: any."""


@dataclass(frozen=True, slots=True)
class Preflight:
    replica_set: ReplicaSet
    sync_member: str
    tail_member: str
    binary: MongodBinary
    """The mongod that the head will run."""
    oplog_window_seconds: int | None
    """What the tail member's oplog holds; None: it has never been full yet."""
    data_bytes: int
    """Documents, uncompressed."""
    storage_bytes: int
    """Collections on the source's disk."""
    index_bytes: int
    may_verify: bool
    """Whether the user may also run dbHash and validate on the source."""
    cipher: str = ""
    """By which its files are encrypted; empty: by none, or it does not tell."""

    @property
    def estimated_bytes(self) -> int:
        """Room that the initial sync takes: the head, and the slices beside it, both compressed."""
        return 2 * self.storage_bytes + self.index_bytes


@dataclass(frozen=True, slots=True)
class _Sizes:
    data: int
    storage: int
    indexes: int


def examine(
    source: SourceUri, requirements: Requirements, binaries: Sequence[MongodBinary]
) -> Preflight:
    """Raises SourceRefused, SourceError or NoSuitableMongod: each says what to do."""
    syncing = Origin(source, requirements.sync_from, requirements.set_id)
    found = syncing.replica_set()
    check_version(found.server_version, source.redacted)
    binary = choose_binary(binaries, found.server_version, found.fcv)
    sync_member = syncing.choose()
    tail_member = Origin(source, requirements.tail_from, requirements.set_id).choose()
    with closing(Reader.open(source, sync_member, ANSWER_SECONDS)) as reader:
        check_privileges(reader)
        sizes = _sizes(reader)
        verifying = may_verify(reader)
        cipher = _cipher(reader)
    with closing(Reader.open(source, tail_member, ANSWER_SECONDS)) as reader:
        window = read_window(reader)
    check_window(window, requirements.window_hours_min, tail_member)
    return Preflight(
        replica_set=found,
        sync_member=sync_member,
        tail_member=tail_member,
        binary=binary,
        oplog_window_seconds=window.projected_seconds,
        data_bytes=sizes.data,
        storage_bytes=sizes.storage,
        index_bytes=sizes.indexes,
        may_verify=verifying,
        cipher=cipher,
    )


def check_version(server_version: str, where: str) -> None:
    """Pure. Raises ServerTooOld."""
    if Version.parse(server_version).series < OLDEST_SERIES:
        oldest = ".".join(map(str, OLDEST_SERIES))
        raise ServerTooOld(
            f"the source runs MongoDB {server_version}, and backups begin with {oldest}",
            where=where,
            hint=f"upgrade the source to {oldest} or newer first",
        )


def check_window(window: OplogWindow, hours_min: float, where: str) -> None:
    """Pure. Raises OplogWindowTooShort."""
    seconds = window.projected_seconds
    if seconds is not None and seconds < hours_min * 3600:
        raise OplogWindowTooShort(
            f"the oplog reaches {seconds / 3600:.1f} hours back, {hours_min:g} are wanted",
            where=where,
            hint="make it larger (replSetResizeOplog), or lower oplog_window_hours_min "
            "in the settings ([backup])",
        )


def _cipher(reader: Reader) -> str:
    """Who may not ask for it is not told: nothing but a note depends on it."""
    try:
        return cipher_of(reader.run("admin", {"getCmdLineOpts": 1}))
    except MissingPrivileges:
        return ""


def cipher_of(options: Mapping[str, Any]) -> str:
    """Of getCmdLineOpts' answer. Pure."""
    parsed = options.get("parsed")
    security = parsed.get("security") if isinstance(parsed, Mapping) else None
    if not isinstance(security, Mapping) or not security.get("enableEncryption"):
        return ""
    return str(security.get("encryptionCipherMode") or CIPHER)


def _sizes(reader: Reader) -> _Sizes:
    names = [str(each["name"]) for each in reader.run("admin", LIST_DATABASES)["databases"]]
    stats = [reader.run(name, {"dbStats": 1}) for name in names if is_listed(name, "")]

    def total(key: str) -> int:
        return sum(int(each.get(key, 0)) for each in stats)

    return _Sizes(total("dataSize"), total("storageSize"), total("indexSize"))
