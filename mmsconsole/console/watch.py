"""How fresh what is shown is: told by every answer, and asked by the banner."""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.errors import MetadataError, MmsError, NoEngine
from mmsconsole.operations.views import EngineStatus


@dataclass(frozen=True, slots=True)
class Watch:
    """`answered_at` is when the newest state came; `trouble` what has been wrong since."""

    answered_at: datetime | None = None
    trouble: MmsError | None = None
    engine: EngineStatus | None = None

    @property
    def engine_away(self) -> bool:
        """The engine itself does not answer, or is known to be down."""
        if isinstance(self.trouble, NoEngine | MetadataError):
            return True
        return self.trouble is None and self.engine is not None and not self.engine.running

    def answered(self, at: datetime, engine: EngineStatus) -> "Watch":
        return Watch(at, None, engine)

    def failed(self, trouble: MmsError) -> "Watch":
        return Watch(self.answered_at, trouble, self.engine)

    @property
    def known_at(self) -> datetime | None:
        """The age of what is shown counts from here."""
        if self.engine_away and self.trouble is None and self.engine is not None:
            return self.engine.seen_at or self.answered_at
        return self.answered_at
