"""The engine itself and what people see of it: [mongod], [metadata], [service], [engine],
[console], [log]."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from mmsconsole.settings.section import Section


class MongodSettings(Section):
    binaries: list[Path] = Field(default=[])
    """Paths of mongod binaries; looked at before PATH and the mongod extra."""


class MetadataSettings(Section):
    uri: SecretStr = SecretStr("")
    """An external replica set for the metadata; empty: the engine's private one."""
    backup_hours: float = Field(default=6.0, gt=0, le=24 * 7)
    """How often it is backed up into every store that is in use; soon after a change by people."""


class ServiceSettings(Section):
    """The front end: downloads, health, metrics, by HTTPS."""

    listen: str = "127.0.0.1:8080"
    """Address and port; [ADDRESS]:PORT for IPv6. Empty: it does not listen. Loopback alone by
    default: who opens it to others (0.0.0.0:8080) says so."""
    names: list[str] = Field(default=[])
    """Names and addresses by which others reach this host; links carry the first. They stand in
    the certificate, beside the host's own name, localhost and where it listens."""
    certificate: str = ""
    """A PEM file with the chain; empty: the engine has a CA of its own and makes one."""
    key: str = ""
    """The PEM file of its private key, without a password."""
    downloads_max: int = Field(default=4, ge=1, le=64)
    """At one time; each takes some 100 MB of memory."""

    @field_validator("listen")
    @classmethod
    def _check_listen(cls, listen: str) -> str:
        host, colon, port = listen.rpartition(":")
        right = colon and host and port.isascii() and port.isdigit() and int(port) < 1 << 16
        if listen and not (right and (":" not in host or host[0] + host[-1] == "[]")):
            raise PydanticCustomError("listen", "ADDRESS:PORT, or empty", {})
        return listen

    @property
    def place(self) -> tuple[str, int]:
        """Address and port. Only where it listens."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class EngineSettings(Section):
    workers: int = Field(default=4, ge=1, le=64)
    """Jobs (initial syncs, snapshots, restores) at one time."""


class ConsoleSettings(Section):
    theme: str = "mms"
    refresh_seconds: float = Field(default=2.0, ge=1.0, le=60)
    ascii: bool = False
    """Only ASCII glyphs."""


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
