"""python -m mmsconsole.engine: an engine of the settings in the environment."""

import sys

from mmsconsole.clock import SystemClock
from mmsconsole.engine.background import SPEAKER
from mmsconsole.engine.run import MakeParts, run_engine
from mmsconsole.errors import MmsError, Refused, UsageError
from mmsconsole.settings import load_settings

DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 4


def main(make_parts: MakeParts | None = None) -> int:
    """Returns the exit status. An error is told on stderr, with what to do about it."""
    try:
        run_engine(load_settings(), SystemClock(), sys.stdout, make_parts)
    except MmsError as error:
        print(f"{SPEAKER}{error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return _status_of(error)
    return DONE


def _status_of(error: MmsError) -> int:
    if isinstance(error, Refused):
        return REFUSED
    return USAGE if isinstance(error, UsageError) else FAILED


if __name__ == "__main__":
    sys.exit(main())
