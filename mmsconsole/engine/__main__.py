"""python -m mmsconsole.engine: an engine of the settings in the environment."""

import sys

from mmsconsole.clock import SystemClock
from mmsconsole.engine.run import run_engine, tell
from mmsconsole.errors import MmsError
from mmsconsole.settings import load_settings


def main() -> int:
    try:
        settings = load_settings()
    except MmsError as error:
        return tell(error)
    return run_engine(settings, SystemClock(), sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
