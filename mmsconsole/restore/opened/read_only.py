"""A mongod on restored files that nobody can change, on a port of loopback."""

from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.durable import disk_errors
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.process import HEAD_FLAGS, MongodOptions, MongodProcess

READ_ONLY = (
    "--auth",
    "--queryableBackupMode",
    "--setParameter", "enableLocalhostAuthBypass=false",
)  # fmt: skip
"""The mode opens the files themselves read-only (tried with 6.0.5; it wants a clean shutdown
before). Without the bypass nobody gets in where the data has no users."""
START_SECONDS = 120


def start_read_only(
    binary: Path, data: Path, log: Path, port: int, cache_gb: float, clock: Clock
) -> MongodProcess:
    """Raises MongodFailed, also where somebody has the port; StorageError."""
    _forget_last_run(data)
    options = MongodOptions(
        binary=binary, dbpath=data, listen=Address.loopback(port), log=log, cache_gb=cache_gb,
        extra=(*HEAD_FLAGS, *READ_ONLY),
    )  # fmt: skip
    return MongodProcess.start(options, clock, timeout_seconds=START_SECONDS)


def _forget_last_run(data: Path) -> None:
    """One that was killed has left its number, and the mode refuses that as an unclean end; but
    it had written nothing.
    """
    with disk_errors(str(data)):
        (data / "mongod.lock").write_bytes(b"")
