"""The engines that share this metadata database."""

from dataclasses import dataclass, field
from datetime import datetime

from mmsconsole.metadata.codec import to_document
from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.failures import metadata_errors


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """Its front end."""

    url: str = ""
    """As others reach it, without a path; empty: it does not listen."""
    error: str = ""
    """Why it does not listen although it should."""
    ca: str = ""
    """The file of its own CA's certificate; empty: the certificate was given."""
    fingerprint: str = ""
    """sha256 of the CA's certificate, in hex."""
    pin: str = ""
    """Of the server's public key, as curl's --pinnedpubkey takes it."""


@dataclass(frozen=True, slots=True)
class Space:
    """A disk of the engine's host that heads, or a store, lie on."""

    kind: str
    """SPACE_HEADS or SPACE_STORE."""
    name: str
    """The folder of heads, or the store's name."""
    free_bytes: int
    total_bytes: int


SPACE_HEADS = "heads"
SPACE_STORE = "store"


@dataclass(frozen=True, slots=True)
class EngineRecord:
    id: str
    """Made once per home and kept there: a restarted engine knows its own leases by it."""
    host: str
    home: str
    version: str
    started_at: datetime
    seen_at: datetime
    strangers: dict[str, int] = field(default_factory=dict)
    """By store: deployments in it that the metadata does not know."""
    service: ServiceRecord = ServiceRecord()
    spaces: tuple[Space, ...] = ()
    """As it found them last."""
    spaces_at: datetime | None = None
    monitors: bool = True
    """Its settings let its agent watch members."""
    alerts_at: datetime | None = None
    """When its alert service last judged, or saw that another engine does."""
    alerts_error: str = ""
    """Why it does not; empty while it does."""
    channels: dict[str, str] | None = None
    """Those that it tells people by, each with a mark of its settings: notify.mark_of(). They are
    read when it starts. None: an older program, which does not say."""


class Engines(Records[EngineRecord]):
    name = "engines"
    record = EngineRecord
    noun = "engine"

    @metadata_errors()
    def announce(self, engine: EngineRecord) -> None:
        self.collection.replace_one({"_id": engine.id}, to_document(engine), upsert=True)
