"""Reads the settings: the file, the environment over it."""

import os
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from mmsconsole.errors import SettingsError
from mmsconsole.settings.home import HOME, home_of
from mmsconsole.settings.section import Section
from mmsconsole.settings.tree import NAMED, Settings, SettingsTree

PREFIX = "MMSCONSOLE_"

Location = tuple[int | str, ...]
"""Of a value: section, key, and what lies deeper."""


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Raises SettingsError."""
    environ = os.environ if environ is None else environ
    home = home_of(environ)
    values = _from_file(home.config_file)
    _check(values, lambda _: str(home.config_file))
    for section, keys in _from_environment(environ).items():
        values[section] = {**values.get(section, {}), **keys}
    # The file was right, so what is wrong now is a variable.
    return Settings(_check(values, lambda key: variable_of(*key[:2])), home)


def variable_of(section: object, key: object) -> str:
    """The environment variable of one key."""
    return f"{PREFIX}{section}_{key}".upper()


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"not valid TOML: {error}", where=str(path)) from error
    except OSError as error:
        raise SettingsError(f"can not be read: {error.strerror}", where=str(path)) from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    known = {
        variable_of(section, key): (section, key, info.annotation)
        for section, keys in _sections().items()
        for key, info in keys.items()
    }
    found: dict[str, dict[str, Any]] = {}
    for name, text in environ.items():
        if not name.startswith(PREFIX) or name == HOME:
            continue
        if name not in known:
            allowed = ", ".join([HOME, *sorted(known)])
            near = get_close_matches(name, [HOME, *known], n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise SettingsError("no such setting", where=name, hint=f"{meant}allowed: {allowed}")
        section, key, kind = known[name]
        is_list = getattr(kind, "__origin__", None) is list
        value = [part for part in text.split(":") if part] if is_list else text
        found.setdefault(section, {})[key] = value
    return found


def _sections() -> dict[str, dict[str, Any]]:
    """The keys of each section that the environment may set."""
    return {
        name: _keys(info.annotation)
        for name, info in SettingsTree.model_fields.items()
        if name not in NAMED
    }


def _keys(annotation: Any) -> dict[str, Any]:
    """Those of one section, as they are written; of each, where there are several."""
    return {
        info.alias or key: info
        for part in _classes(annotation)
        for key, info in part.model_fields.items()
    }


def _classes(annotation: Any) -> list[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [found for part in get_args(annotation) for found in _classes(part)]


def _check(values: dict[str, Any], where: Callable[[Location], str]) -> SettingsTree:
    """`where` says where a key was set."""
    try:
        return SettingsTree.model_validate(values)
    except ValidationError as error:
        # Without its cause: it quotes the values.
        first = error.errors()[0]
        key = ".".join(str(part) for part in _keys_of(first["loc"]))
        raise SettingsError(
            f"{key}: {_said(first['type'], first['msg'])}",
            where=where(first["loc"]),
            hint=_allowed(first["loc"]),
        ) from None


def _said(kind: str, message: str) -> str:
    return "no such setting" if kind == "extra_forbidden" else message[0].lower() + message[1:]


def _keys_of(location: Location) -> Location:
    """As the file has it: where a section is one of several kinds, pydantic adds the kind."""
    return (*location[:2], *location[3:]) if _kinds(str(location[0])) else location


def _kinds(section: str) -> dict[str, type[Section]]:
    """The classes of a section that is one of several kinds, by kind."""
    classes = _classes(SettingsTree.model_fields[section].annotation) if section in NAMED else []
    fields = [part.model_fields.get("kind") for part in classes]
    return {
        get_args(kind.annotation)[0]: part
        for kind, part in zip(fields, classes, strict=True)
        if kind is not None
    }


def _allowed(location: Location) -> str:
    section = str(location[0])
    if section in NAMED and len(location) < 3:
        return NAMED[section]
    if section not in SettingsTree.model_fields or len(location) < 2:
        return "allowed sections: " + ", ".join(SettingsTree.model_fields)
    shown = f"{section}.{location[1]}" if section in NAMED else section
    kind = _kinds(section).get(str(location[2])) if section in NAMED else None
    keys = _keys(kind or SettingsTree.model_fields[section].annotation)
    return f"allowed in [{shown}]: " + ", ".join(keys)
