"""A connection to the machine that a restore is pushed to: by key or agent, to a known host."""

import getpass
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
from paramiko.pkey import UnknownKeyType

from mmsconsole.errors import MmsError, TargetRefused, TargetUnreachable, UsageError
from mmsconsole.restore.ssh.hosts import changed_key, load_hosts
from mmsconsole.secret import Secret

CONNECT_SECONDS = 20.0
ANSWER_SECONDS = 60.0
"""No answer for so long, and the connection counts as broken."""
KEEPALIVE_SECONDS = 15
TO_OPEN_IT = "give its passphrase (--passphrase-file), or ssh-add the key at the engine"
AGENT_OR_KEY = "ssh-add the key where the engine runs, or name its file (--identity)"


@dataclass(frozen=True, slots=True)
class Login:
    host: str
    port: int
    user: str
    identity: str
    """A file with a private key; empty: the agent, and the usual files."""
    known_hosts: str
    passphrase: Secret | None = None
    """That opens the private key."""


@contextmanager
def connected(login: Login) -> Iterator[paramiko.SSHClient]:
    """Raises TargetUnreachable, TargetRefused, UsageError; also what breaks off later."""
    client = paramiko.SSHClient()
    load_hosts(client, login.known_hosts)
    try:
        with ssh_errors(login.host):
            _connect(client, login)
            yield client
    finally:
        client.close()


def _connect(client: paramiko.SSHClient, login: Login) -> None:
    key = _key(login) if login.identity else None
    client.connect(
        login.host, login.port, login.user or getpass.getuser(), pkey=key,
        allow_agent=key is None, look_for_keys=key is None,
        timeout=CONNECT_SECONDS, banner_timeout=CONNECT_SECONDS, auth_timeout=CONNECT_SECONDS,
        channel_timeout=CONNECT_SECONDS, transport_factory=fast_transport,
    )  # fmt: skip
    transport = client.get_transport()
    assert transport is not None  # it is connected
    transport.set_keepalive(KEEPALIVE_SECONDS)


def _key(login: Login) -> paramiko.PKey:
    """Raises UsageError, TargetRefused."""
    path = Path(login.identity).expanduser()
    passphrase = None if login.passphrase is None else login.passphrase.reveal().encode()
    try:
        return paramiko.PKey.from_path(path, passphrase)  # type: ignore[arg-type]  # bytes it is
    except FileNotFoundError as error:
        raise UsageError("there is no such key file", where=str(path)) from error
    except TypeError as error:
        # Only so cryptography says that a passphrase is missing, or that none is needed.
        needs = passphrase is None
        what = f"the key has {'a' if needs else 'no'} passphrase"
        raise TargetRefused(what, where=str(path), hint=TO_OPEN_IT if needs else "") from error
    except (paramiko.SSHException, UnknownKeyType, ValueError, OSError) as error:
        what = "the key can not be read: its passphrase is another one, or it is no private key"
        raise TargetRefused(what, where=str(path), hint=TO_OPEN_IT) from error


def fast_transport(
    channel: Any,
    /,
    *,
    gss_kex: bool,  # noqa: ARG001 - the library's signature
    gss_deleg_creds: bool,  # noqa: ARG001
    disabled_algorithms: Mapping[str, Iterable[str]] | None,
) -> paramiko.Transport:
    """With AES-GCM before the others: it is the fastest that both sides have (performance.md)."""
    transport = paramiko.Transport(channel, disabled_algorithms=disabled_algorithms)
    options = transport.get_security_options()
    options.ciphers = sorted(options.ciphers, key=lambda name: "gcm" not in name)
    return transport


@contextmanager
def ssh_errors(host: str) -> Iterator[None]:
    """What the library says, as ours: what people have to mend, or what is tried again."""
    try:
        yield
    except MmsError:
        raise
    except paramiko.BadHostKeyException as error:
        raise changed_key(host, error.key, error.expected_key) from error
    except paramiko.AuthenticationException as error:
        what = "the host takes none of our keys for this user"
        raise TargetRefused(what, where=host, hint=AGENT_OR_KEY) from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise TargetUnreachable(_said(error), where=host) from error


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "does not answer"
    return str(error) or "the connection broke off"
