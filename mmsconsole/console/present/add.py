"""The form for a new deployment, and the hiding of the password in what is typed."""

import re

from mmsconsole.console.actions import key_of
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, wrap

LABEL_CELLS = 8
AUTHORITY = re.compile(r"^([a-z+]*://[^:/?]*:)(.*)$", re.DOTALL)
PORT = re.compile(r"[0-9]{1,5}[,/?].*", re.DOTALL)


def hidden(uri: str, bullet: str) -> str:
    """The URI with as many bullets as its password has characters.

    While no @ has been typed, what follows the first colon may be a port or the beginning of a
    password: it is shown when a sign follows that says that it was a port.
    """
    found = AUTHORITY.match(uri)
    if found is None or "@" in found[1]:
        return uri
    before, rest = found.groups()
    end = rest.rfind("@")
    if end >= 0:
        return before + bullet * end + rest[end:]
    return uri if PORT.fullmatch(rest) else before + bullet * len(rest)


def label(text: str) -> Line:
    return line(Span(f" {text:<{LABEL_CELLS - 1}}", Tone.DIM))


def above(page: Page) -> list[Line]:
    told = (
        "A replica set is backed up by copying it once and reading its oplog from then on. "
        "Nothing is written to it. Its user needs the roles backup and clusterMonitor."
    )
    return [
        (),
        line(" ", Span("Add a deployment", Tone.TITLE)),
        (),
        *indent(wrap(told, page.width - 2, Tone.DIM), 1),
        (),
    ]


def below() -> list[Line]:
    example = "mongodb://backup:password@db1:27017,db2:27017/?replicaSet=rs0"
    kept = " The password is hidden here, and kept where only the engine's user reads it."
    return [(), line(Span(" for example  ", Tone.DIM), example), (), line(Span(kept, Tone.DIM))]


def added(name: str) -> str:
    return f"{name} is added; press {key_of('backup.start')} to start its backup."
