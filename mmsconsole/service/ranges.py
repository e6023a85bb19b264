"""Which bytes of an archive a request asks for (RFC 9110, section 14). Pure."""

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `end`, exclusive."""

    start: int
    end: int
    partial: bool = False
    """A range was asked for, and is answered with 206."""


class NotThere(ValueError):
    """A range that lies behind the end."""


def span_of(size: int, range_: str | None, if_range: str | None, etag: str) -> Span:
    """`range_` and `if_range` are the headers, None where they are missing.

    All of it for no range, for several, for one that can not be read, and for one of another
    archive. Raises NotThere.
    """
    whole = Span(0, size)
    asked = _ONE.fullmatch(range_ or "")
    if asked is None or (if_range is not None and if_range.strip() != etag):
        return whole
    first, last = asked.groups()
    if first and last and int(last) < int(first):
        return whole  # makes no sense
    if first:
        return _from(int(first), int(last) + 1 if last else size, size)
    return whole if not last else _last(int(last), size)


def _from(start: int, end: int, size: int) -> Span:
    if start >= size:
        raise NotThere
    return Span(start, min(end, size), partial=True)


def _last(count: int, size: int) -> Span:
    if not count:
        raise NotThere
    return Span(max(0, size - count), size, partial=True)
