"""A strict reader of Prometheus' text format, version 0.0.4: what it does not take is a fault.

After https://prometheus.io/docs/instrumenting/exposition_formats/ : a family's HELP and TYPE come
once and before its samples, which stand together; a line of one name and labels comes once.
"""

import re
from dataclasses import dataclass, field

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? ([^ ]+)")
COMMENT = re.compile(rf"# (HELP|TYPE) ({NAME}) (.+)")
KINDS = ("counter", "gauge")
ESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}

Labels = tuple[tuple[str, str], ...]


class NotPrometheusError(AssertionError):
    pass


@dataclass
class Family:
    help: str
    kind: str = ""
    samples: dict[Labels, float] = field(default_factory=dict)


def read(text: str) -> dict[str, Family]:
    """By name, in order. Raises NotPrometheusError."""
    _must(text.endswith("\n"), "the last line does not end")
    families: dict[str, Family] = {}
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("#"):
            _comment(line, families)
        else:
            _sample(line, families)
    for name, family in families.items():
        _must(bool(family.kind and family.samples), f"{name} has no type, or no samples")
    return families


def _comment(line: str, families: dict[str, Family]) -> None:
    found = COMMENT.fullmatch(line)
    _must(found is not None, line)
    assert found
    what, name, text = found.groups()
    if what == "HELP":
        _must(name not in families, f"{name} comes twice")
        _must(not re.search(r"\\(?![\\n])", text), f"a wrong escape: {line}")
        families[name] = Family(text)
        return
    family = families.get(name)
    _must(family is not None and list(families)[-1] == name, f"TYPE without its HELP: {line}")
    assert family
    _must(not family.kind and not family.samples and text in KINDS, line)
    _must(text != "counter" or name.endswith("_total"), f"{name} is a {text}")
    family.kind = text


def _sample(line: str, families: dict[str, Family]) -> None:
    found = SAMPLE.fullmatch(line)
    _must(found is not None, line)
    assert found
    name, labels, value = found.groups()
    _must(bool(families) and list(families)[-1] == name, f"outside of its family: {line}")
    known = families[name]
    told = _labels(labels or "", line)
    _must(bool(known.kind) and told not in known.samples, f"twice, or without a type: {line}")
    known.samples[told] = float(value)


def _labels(text: str, line: str) -> Labels:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        label = LABEL.match(text, at)
        _must(label is not None, f"wrong labels: {line}")
        assert label
        found.append((label[1], re.sub(r"\\.", lambda one: ESCAPED[one[0]], label[2])))
        at = label.end()
        if at < len(text):
            _must(text[at] == ",", f"wrong labels: {line}")
            at += 1
    _must(len(dict(found)) == len(found), f"a label twice: {line}")
    return tuple(found)


def _must(right: bool, what: str) -> None:
    if not right:
        raise NotPrometheusError(what)
