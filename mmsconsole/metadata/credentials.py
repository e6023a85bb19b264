"""The secrets of the private metadata database: made once, kept in 0600 files of its folder."""

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.durable import write_file
from mmsconsole.errors import MetadataError
from mmsconsole.secret import Secret

KEY_FILE = "key"
"""What mongod's --keyFile names: the members' shared secret."""

CREDENTIALS_FILE = "credentials.json"
USER = "mmsconsole"
PASSWORD_BYTES = 32
KEY_BYTES = 756
"""As base64 these are 1008 of the 1024 characters that mongod allows."""


@dataclass(frozen=True, slots=True)
class Credentials:
    user: str
    password: Secret


def load_credentials(folder: Path) -> Credentials | None:
    """None where no engine has made them yet. Raises MetadataError if they can not be read."""
    path = folder / CREDENTIALS_FILE
    try:
        kept = json.loads(path.read_bytes())
        return Credentials(str(kept["user"]), Secret(str(kept["password"])))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MetadataError(f"can not be read: {error.strerror}", where=str(path)) from error
    except (ValueError, KeyError, TypeError):
        # Not `from` it: a JSON error carries the text that it read, and with it the password.
        what = "holds no user and password"
        raise MetadataError(what, where=str(path), hint="put back a copy of it") from None


def make_credentials(folder: Path) -> Credentials:
    """Durable before the database is made: there is never a database without its password."""
    made = Credentials(USER, Secret(secrets.token_urlsafe(PASSWORD_BYTES)))
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES))
    write_file(folder / KEY_FILE, [key])
    kept = {"user": made.user, "password": made.password.reveal()}
    write_file(folder / CREDENTIALS_FILE, [json.dumps(kept).encode()])
    return made
