"""Where a mongod listens."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mmsconsole.errors import UsageError

DEFAULT_PORT = 27017
SOCKET_SUFFIX = ".sock"
SOCKET_PATH_BYTES_MAX = 107
"""The kernel's limit (sun_path holds 108 with its zero byte)."""


@dataclass(frozen=True, slots=True)
class Address:
    """`host` and `port`; of a unix socket, its absolute path and 0."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Of "host", "host:port", "[ipv6]:port" or "/path.sock". Raises UsageError."""
        if text.startswith("/"):
            return cls.unix(Path(text))
        host, bracket, rest = text.rpartition("]")
        if bracket:
            return cls(host.lstrip("["), _port(rest.removeprefix(":"), text))
        host, _, port = text.partition(":")
        if not host:
            raise UsageError("has no host name", where=text)
        return cls(host, _port(port, text))

    @classmethod
    def unix(cls, path: Path) -> "Address":
        """Raises UsageError for a path that the kernel or the driver would not take."""
        if not path.is_absolute() or path.suffix != SOCKET_SUFFIX or "," in str(path):
            what = f"not an absolute path without commas that ends in {SOCKET_SUFFIX}"
            raise UsageError(what, where=str(path))
        if len(str(path).encode()) > SOCKET_PATH_BYTES_MAX:
            hint = "choose a shorter home folder (MMSCONSOLE_HOME)"
            what = f"a socket's path may have {SOCKET_PATH_BYTES_MAX} bytes at most"
            raise UsageError(what, where=str(path), hint=hint)
        return cls(str(path), 0)

    @classmethod
    def loopback(cls, port: int) -> "Address":
        return cls("127.0.0.1", port)

    @property
    def is_unix(self) -> bool:
        return self.host.startswith("/")

    @property
    def uri(self) -> str:
        """A connection string to this server alone."""
        host = quote(self.host, safe="") if self.is_unix else str(self)
        return f"mongodb://{host}/?directConnection=true"

    def __str__(self) -> str:
        if self.is_unix:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _port(text: str, where: str) -> int:
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise UsageError(f"not a port: {text}", where=where)
    return int(text)
