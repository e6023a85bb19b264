"""The text format of Prometheus, version 0.0.4. Pure."""

import math
from collections.abc import Iterable

LABEL_CHARS = 300
"""Longer values are cut: they come from outside."""

Value = tuple[str, float | None]
"""Labels, as labels() writes them, and what is known."""


def gauge(name: str, help_: str, values: Iterable[Value]) -> list[str]:
    return family(name, help_, "gauge", values)


def family(name: str, help_: str, kind: str, values: Iterable[Value]) -> list[str]:
    """Nothing stands where nothing is known: 0 would be a lie. Labels of one family are there
    once: a second line of the same would spoil the whole answer.
    """
    known: dict[str, float] = {}
    for label, value in values:
        if value is not None and math.isfinite(value):
            known.setdefault(label, value)
    lines = [f"{name}{label} {float(value)!r}" for label, value in known.items()]
    return [f"# HELP {name} {_one_line(help_)}", f"# TYPE {name} {kind}", *lines] if lines else []


def labels(**values: str) -> str:
    told = ",".join(f'{name}="{_escaped(value)}"' for name, value in values.items())
    return f"{{{told}}}"


def _escaped(label: str) -> str:
    cut = label[:LABEL_CHARS]
    return cut.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _one_line(help_: str) -> str:
    return help_.replace("\\", r"\\").replace("\n", r"\n")
