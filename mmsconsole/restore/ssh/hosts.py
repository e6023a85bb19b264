"""Host keys: a host that is not known is not spoken to, nor one whose key has changed."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import paramiko

from mmsconsole.errors import TargetRefused, UsageError

SYSTEM_HOSTS = Path("/etc/ssh/ssh_known_hosts")


def known_hosts(named: str) -> Sequence[Path]:
    """The file that was named, and no other; else those that OpenSSH reads."""
    if named:
        return [Path(named).expanduser()]
    return [Path("~/.ssh/known_hosts").expanduser(), SYSTEM_HOSTS]


def load_hosts(client: paramiko.SSHClient, named: str) -> None:
    """Raises UsageError where a file that was named can not be read."""
    for path in known_hosts(named):
        if not named and not path.is_file():
            continue
        try:
            client.load_host_keys(str(path))
        except (OSError, paramiko.SSHException, ValueError) as error:
            hint = "each line is: HOST TYPE KEY; ssh-keyscan prints them"
            raise UsageError(f"can not be read: {error}", where=str(path), hint=hint) from error
    client.set_missing_host_key_policy(OnlyKnown())


class OnlyKnown(paramiko.MissingHostKeyPolicy):
    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002 - the library's signature
        hostname: str,
        key: paramiko.PKey,
    ) -> NoReturn:
        raise TargetRefused(
            f"the host is not known; its key is {key.get_name()} {fingerprint(key)}",
            where=hostname,
            hint="compare that with the machine itself, then add its line to known_hosts "
            "(ssh-keyscan prints it)",
        )


def changed_key(host: str, found: paramiko.PKey, known: paramiko.PKey) -> TargetRefused:
    return TargetRefused(
        f"the host's key is not the known one: {fingerprint(found)} instead of "
        f"{fingerprint(known)}",
        where=host,
        hint="somebody may stand in between; if the machine was set up anew, replace its line "
        "in known_hosts",
    )


def fingerprint(key: paramiko.PKey) -> str:
    """As OpenSSH writes it: SHA256:…"""
    digest = hashlib.sha256(key.asbytes()).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
