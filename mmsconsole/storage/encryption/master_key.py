"""The master key of an encrypted store: 32 bytes from a file or from a program's output."""

import base64
import binascii
import os
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mmsconsole.errors import KeyUnusable, SettingsError
from mmsconsole.secret import read_secret_file
from mmsconsole.storage.encryption.sealing import KEY_BYTES

FINGERPRINT_BYTES = 16
COMMAND_SECONDS = 30.0
HINT = (
    "it is 32 random bytes, as they are, in hex or in base64: openssl rand -hex 32 > FILE, "
    "chmod 600 FILE, and a copy in a safe place"
)


@dataclass(frozen=True, slots=True)
class MasterKey:
    """Wraps data keys, and is used for nothing else."""

    _secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Tells one master key from another, and tells nothing of it. 32 hex digits."""
        return self._derived(b"mmsconsole master key fingerprint", FINGERPRINT_BYTES).hex()

    @property
    def wrapping_key(self) -> bytes:
        return self._derived(b"mmsconsole wrapping key", KEY_BYTES)

    def _derived(self, info: bytes, length: int) -> bytes:
        return HKDF(SHA256(), length, salt=None, info=info).derive(self._secret)


def master_key(file: str, command: Sequence[str]) -> MasterKey | None:
    """As the settings name it; None where they name none. Raises SettingsError, KeyUnusable."""
    if file and command:
        what = "a store has one master key: name key_file or key_command, not both"
        raise SettingsError(what, where="key_file")
    if file:
        return key_from_file(Path(file).expanduser())
    return key_from_command(command) if command else None


def key_from_file(path: Path) -> MasterKey:
    """Raises KeyUnusable, also where anybody but its owner may read the file."""
    try:
        data = read_secret_file(path, _check_private)
    except OSError as error:
        raise KeyUnusable(
            f"the file with the master key can not be read: {error.strerror}",
            where=str(path),
            hint="put it back from its copy, nothing else opens the store; "
            f"for a new store: openssl rand -hex 32 > {path}; chmod 600 {path}",
        ) from error  # fmt: skip
    return _parsed(data, str(path))


def _check_private(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise KeyUnusable("the master key's path is no file", where=str(path), hint=HINT)
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyUnusable(
            f"others may read the master key (mode {stat.S_IMODE(found.st_mode):03o})",
            where=str(path), hint=f"chmod 600 {path}",
        )  # fmt: skip


def key_from_command(command: Sequence[str]) -> MasterKey:
    """Raises KeyUnusable. What the program says is told to nobody: it may be the key."""
    where = command[0]
    try:
        done = subprocess.run(
            list(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        # Without its cause, which holds what the program has said so far.
        what = f"the program for the master key did not end within {COMMAND_SECONDS:.0f} s"
        raise KeyUnusable(what, where=where, hint=_by_hand(where)) from None
    except (OSError, ValueError) as error:
        what = f"the program for the master key can not be run: {type(error).__name__}"
        raise KeyUnusable(what, where=where, hint=_by_hand(where)) from error
    if done.returncode != 0:
        what = f"the program for the master key ended with code {done.returncode}"
        raise KeyUnusable(what, where=where, hint=_by_hand(where))
    return _parsed(done.stdout, where)


def _by_hand(program: str) -> str:
    return f"run {program} by hand, as the user of the engine, and see what it says"


def _parsed(data: bytes, where: str) -> MasterKey:
    for read in (_raw, _from_hex, _from_base64):
        found = read(data)
        if len(found) == KEY_BYTES:
            return MasterKey(found)
    raise KeyUnusable("this is no master key", where=where, hint=HINT)


def _raw(data: bytes) -> bytes:
    """Random bytes are never all printable: that would be a password, which is too weak."""
    return b"" if data.isascii() and data.decode().isprintable() else data


def _from_hex(data: bytes) -> bytes:
    try:
        return binascii.unhexlify(data.strip())
    except binascii.Error:
        return b""


def _from_base64(data: bytes) -> bytes:
    try:
        return base64.b64decode(data.strip(), validate=True)
    except binascii.Error:
        return b""
