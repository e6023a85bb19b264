"""Tables in documents that are made of the code: between two marks, and a test holds them equal."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


@dataclass(frozen=True)
class MadeTable:
    document: str
    """The name of a file in docs/."""
    begin: str
    end: str
    table: Callable[[], str]

    @property
    def _path(self) -> Path:
        return DOCS / self.document

    def documented(self) -> str:
        text = self._path.read_text(encoding="utf-8")
        return text.partition(self.begin)[2].partition(self.end)[0].strip()

    def write(self) -> None:
        before, _, rest = self._path.read_text(encoding="utf-8").partition(self.begin)
        after = rest.partition(self.end)[2]
        text = f"{before}{self.begin}\n{self.table()}\n{self.end}{after}"
        self._path.write_text(text, encoding="utf-8")
