"""The questions of the console, and their answers as JSON. Pure.

The question's name and its arguments are its key. Times are left out of it: a pane that asks for
"the last hour" asks another question every second, and means the same one.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, get_type_hints

from cattrs import BaseValidationError
from cattrs.preconf.json import JsonConverter, make_converter

from mmsconsole import errors
from mmsconsole.console.ports import Reading
from mmsconsole.errors import MmsError, UsageError
from mmsconsole.secret import Secret
from mmsconsole.task import Task

MASKED = Secret("")


def _json_converter() -> JsonConverter:
    converter = make_converter()
    # No answer holds one; should one ever do, it does not get into a file.
    converter.register_unstructure_hook(Secret, lambda _: "")
    converter.register_structure_hook(Secret, lambda *_: MASKED)
    return converter


_CONVERTER = _json_converter()


@cache
def answer_types() -> Mapping[str, Any]:
    """What each question of `Reading` answers, by its name."""
    questions = inspect.getmembers(Reading, inspect.isfunction)
    return {
        name: get_type_hints(method)["return"]
        for name, method in questions
        if not name.startswith("_")
    }


def key_of(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    given = [_plain(value) for value in args]
    named = {word: _plain(value) for word, value in kwargs.items()}
    return json.dumps([name, given, named], sort_keys=True, default=str)


def _plain(value: Any) -> Any:
    match value:
        case datetime() | Task() | Secret():
            return None
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(each) for each in value]
        case _ if is_dataclass(value):
            return [_plain(getattr(value, field.name)) for field in fields(value)]
        case _:
            return value


def answer_to_json(name: str, answer: object) -> Any:
    return _CONVERTER.unstructure(answer, unstructure_as=answer_types()[name])


def answer_of_json(name: str, told: Any) -> Any:
    """Raises UsageError for what no such answer can be: the file may come from anybody."""
    kind = answer_types().get(name)
    if kind is None:
        raise UsageError(f"the recording asks {name!r}, which this version does not know")
    try:
        return None if kind is type(None) else _CONVERTER.structure(told, kind)
    except (BaseValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"an answer to {name!r} in the recording can not be read") from error


def error_to_json(error: MmsError) -> dict[str, str]:
    return {
        "kind": type(error).__name__, "what": error.what, "where": error.where, "hint": error.hint,
    }  # fmt: skip


def error_of_json(told: Mapping[str, Any]) -> MmsError:
    """Of the same class where that takes no more than every error does."""
    said = {word: str(told.get(word, "")) for word in ("what", "where", "hint")}
    kind = getattr(errors, str(told.get("kind")), MmsError)
    make: Callable[..., MmsError] = kind if _is_error(kind) else MmsError
    return make(said["what"], where=said["where"], hint=said["hint"])


def _is_error(kind: object) -> bool:
    return (
        isinstance(kind, type)
        and issubclass(kind, MmsError)
        and list(inspect.signature(kind).parameters) == ["what", "where", "hint"]
    )
