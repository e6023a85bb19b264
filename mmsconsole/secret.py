"""A string that does not show itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """A password, or a URI that may hold one. `reveal()` is the only way to its text."""

    _text: str

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__
