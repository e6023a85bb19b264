"""Where the folders of this installation are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

HOME = "MMSCONSOLE_HOME"


@dataclass(frozen=True, slots=True)
class Home:
    """Where things lie. Every folder is made on first use, readable by its owner alone."""

    config: Path
    data: Path
    logs: Path
    run: Path
    """Sockets and locks; socket paths must stay under 107 bytes."""
    restores: Path
    """Where the console proposes to put restored files; any other folder will do as well."""

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def metadata(self) -> Path:
        return self.data / "metadata"

    @property
    def storage(self) -> Path:
        return self.data / "storage"

    @property
    def store_marks(self) -> Path:
        """A file for each store that is a folder: see storage/kept_marks.py."""
        return self.data / "store-marks"

    @property
    def heads(self) -> Path:
        return self.data / "heads"

    @property
    def verification(self) -> Path:
        return self.data / "verification"


def home_of(environ: Mapping[str, str]) -> Home:
    if environ.get(HOME):
        root = Path(environ[HOME]).expanduser().absolute()
        return Home(*(root / name for name in ("config", "data", "logs", "run", "restores")))
    dirs = platformdirs.PlatformDirs("mmsconsole", appauthor=False)
    # Not the runtime folder: it goes when the last session ends, and the engine outlives that.
    return Home(
        dirs.user_config_path,
        dirs.user_data_path,
        dirs.user_log_path,
        dirs.user_data_path / "run",
        Path.home() / "restores",
    )
