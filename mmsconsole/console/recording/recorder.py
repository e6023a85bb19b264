"""Operations that write down what they answer."""

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any, cast

from mmsconsole import __version__
from mmsconsole.clock import Clock
from mmsconsole.console.ports import OperationsPort
from mmsconsole.console.recording.questions import (
    answer_to_json,
    answer_types,
    error_to_json,
    key_of,
)
from mmsconsole.console.recording.writing import FORMAT, RecordingFile
from mmsconsole.errors import MmsError

Tell = Callable[[MmsError], None]


class Recorder:
    """Of one console. `tell` hears once why the recording ended early; the console goes on."""

    def __init__(self, file: RecordingFile, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._began = clock.monotonic()
        self._lock = threading.Lock()
        self._last: dict[str, bytes] = {}
        self._open = True
        self.tell: Tell = lambda _: None
        file.write({"recording": FORMAT, "version": __version__, "at": clock.now().isoformat()})

    def over(self, operations: OperationsPort) -> OperationsPort:
        """The same, with their answers written down."""
        return cast(OperationsPort, _Recorded(operations, self))

    def note(self, key: str, told: dict[str, Any]) -> None:
        """An answer, unless it is the one that was there before. Any thread."""
        digest = sha256(json.dumps(told).encode()).digest()
        with self._lock:
            if not self._open or self._last.get(key) == digest:
                return
            self._last[key] = digest
            seconds = round(self._clock.monotonic() - self._began, 3)
            try:
                self._file.write({"s": seconds, "q": key, **told})
            except MmsError as error:
                self._end()
                self.tell(error)

    def close(self) -> None:
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._open:
            self._open = False
            with suppress(MmsError):  # every line before was flushed
                self._file.close()


class _Recorded:
    def __init__(self, operations: OperationsPort, recorder: Recorder) -> None:
        self._operations = operations
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._operations, name)
        return self._noting(name, found) if name in answer_types() else found

    def _noting(self, name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*args: Any, **kwargs: Any) -> Any:
            key = key_of(name, args, kwargs)
            try:
                answer = ask(*args, **kwargs)
            except MmsError as error:
                self._recorder.note(key, {"e": error_to_json(error)})
                raise
            self._recorder.note(key, {"a": answer_to_json(name, answer)})
            return answer

        return asked
