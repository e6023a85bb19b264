"""A secret of the settings: written there, or in a file beside them."""

import os
import stat
from pathlib import Path

from pydantic import SecretStr

from mmsconsole.errors import NotificationFailed
from mmsconsole.secret import Secret, read_secret_file


def secret_of(inline: SecretStr, file: str) -> Secret | None:
    """None: there is neither. The file is read each time, so it may change at any moment.

    Raises NotificationFailed.
    """
    if file:
        return _from_file(Path(file).expanduser())
    text = inline.get_secret_value()
    return Secret(text) if text else None


def _from_file(path: Path) -> Secret:
    try:
        text = read_secret_file(path, _check_private).decode().strip()
    except OSError as error:
        what = f"the file with the secret can not be read: {error.strerror}"
        raise NotificationFailed(what, again=False, where=str(path)) from error
    except UnicodeDecodeError:
        text = ""  # without the cause, which quotes it
    if not text.isprintable() or not text:
        raise NotificationFailed("the file holds no secret: one line", again=False, where=str(path))
    return Secret(text)


def _check_private(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise NotificationFailed("this is no file", again=False, where=str(path))
    if found.st_mode & stat.S_IRWXO:
        mode = stat.S_IMODE(found.st_mode)
        raise NotificationFailed(
            f"everybody may read the secret (mode {mode:03o})", again=False, where=str(path),
            hint=f"chmod 600 {path}",
        )  # fmt: skip
