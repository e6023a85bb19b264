"""Where backups are kept, and what is done there by itself: [storage], [stores.NAME], [groom],
[check]."""

import re

from pydantic import Field, SecretStr

from mmsconsole.settings.section import Section

DEFAULT_STORE = "default"
"""The store of the section [storage]."""
STORE_NAME = re.compile(r"[a-z0-9-]{1,32}")
STORE_NAME_HINT = (
    f"1 to 32 of a-z, 0-9 and '-'; [storage] is the one that is called {DEFAULT_STORE!r}"
)


class StoreSettings(Section):
    """One place where slices, oplog chunks, packs and manifests are kept."""

    url: SecretStr = SecretStr("")
    """A folder, s3://, gs://, az:// or mongodb://. It may hold a password: storage/urls.py shows
    it without. Empty in [storage]: a folder inside the data folder."""
    mb_per_second: float = Field(default=0.0, ge=0, le=100_000)
    """What is read and written at most, together, in 1,000,000 bytes; 0: no limit."""
    timeout_seconds: float = Field(default=60.0, ge=1, le=3600)
    """How long one call may wait for an answer."""
    tries: int = Field(default=5, ge=1, le=100)
    """How often a call is made before it counts as failed."""
    key_file: str = ""
    """The file with the master key: objects are encrypted before they leave this process."""
    key_command: list[str] = Field(default=[])
    """The program, with its arguments, that prints the master key."""
    lock_days: int = Field(default=0, ge=0, le=36_500)
    """So long the store refuses to delete an object (S3 object lock); 0: no lock."""

    @property
    def encrypted(self) -> bool:
        return bool(self.key_file or self.key_command)


class GroomSettings(Section):
    living_percent: float = Field(default=60.0, ge=0, le=100)
    """A pack of which less than this is still needed is rewritten."""
    dead_mb: float = Field(default=64.0, ge=0, le=1 << 30)
    """By itself a groom rewrites nothing for less than this of dead bytes; packs that nobody
    needs go in any case."""
    interval_hours: float = Field(default=24.0, ge=0, le=24 * 365)
    """The least time between two grooms of a pool by themselves; 0: only when somebody asks."""
    orphan_hours: float = Field(default=24.0, ge=0, le=24 * 365)
    """An object that no record refers to is deleted after this."""


class CheckSettings(Section):
    interval_hours: float = Field(default=24.0, ge=0, le=24 * 365)
    """How often a store is checked; 0: only when somebody asks."""
    read_percent: float = Field(default=4.0, ge=0, le=100)
    """So much of its objects is read whole each time: with 4 all of them within 25 checks."""
