"""Rows with a label and a value each: typed, or one of a few; one row is under the cursor."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mmsconsole.secret import Secret


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    label: str
    help: str
    """A sentence or two, shown while it is under the cursor."""
    choices: tuple[tuple[str, str], ...] = ()
    """Value and how it is shown; empty: it is typed."""
    example: str = ""
    secret: bool = False
    """Kept apart, and never shown when it was typed."""
    names: bool = False
    """Databases and collections, which may be chosen from those that are there."""

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(value for value, _ in self.choices)

    def shown(self, value: str) -> str:
        return dict(self.choices).get(value, value)

    def after(self, value: str, by: int) -> str:
        """The choice that follows, round and round."""
        place = self.values.index(value) if value in self.values else 0
        return self.values[(place + by) % len(self.values)]

    def beginning(self, value: str, letter: str) -> str:
        """The next choice that is shown with this letter first; else the same."""
        for by in range(1, len(self.values) + 1):
            found = self.after(value, by)
            if self.shown(found).lower().startswith(letter.lower()):
                return found
        return value


@dataclass(frozen=True, slots=True)
class Form:
    rows: tuple[Row, ...]
    at: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    proposed: Mapping[str, str] = field(default_factory=dict)
    """What stands in a row as long as nobody types something else."""
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def row(self) -> Row:
        return self.rows[self.at]

    def text(self, key: str) -> str:
        """Empty for a secret."""
        return self.values.get(key, self.proposed.get(key, ""))

    def secret(self, key: str) -> Secret | None:
        return self.secrets.get(key)

    def moved(self, by: int) -> "Form":
        return replace(self, at=(self.at + by) % len(self.rows))

    def standing(self, key: str) -> "Form":
        return replace(self, at=[row.key for row in self.rows].index(key))

    def typed(self, text: str) -> "Form":
        """Into the row under the cursor."""
        key = self.row.key
        if self.row.secret:
            others = {name: kept for name, kept in self.secrets.items() if name != key}
            return replace(self, secrets={**others, key: Secret(text)} if text else others)
        return self if text == self.text(key) else self.given(key, text)

    def given(self, key: str, text: str) -> "Form":
        return replace(self, values={**self.values, key: text})

    def proposing(self, **texts: str) -> "Form":
        return replace(self, proposed={**self.proposed, **texts})

    def public(self) -> "Form":
        return replace(self, secrets={})
