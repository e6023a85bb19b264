"""How members are watched, and how long what was seen is kept: [monitoring]."""

from pydantic import Field

from mmsconsole.settings.section import Section


class MonitoringSettings(Section):
    enabled: bool = True
    """Off: this engine watches nothing."""
    interval_seconds: float = Field(default=10.0, ge=1, le=600)
    """Each member is asked this often, once, however many people look."""
    database_minutes: float = Field(default=20.0, ge=1, le=24 * 60)
    """The sizes of databases and collections are asked for this often."""
    timeout_seconds: float = Field(default=5.0, ge=0.5, le=60)
    """How long one answer may take."""
    parallel: int = Field(default=16, ge=1, le=256)
    """Members that are asked at one time; beside them, a few that did not answer last time."""
    buffer_mb: float = Field(default=16.0, ge=1, le=4096)
    """Samples wait for the metadata database in so much memory; the oldest go first then."""
    keep_fine_hours: int = Field(default=24, ge=2, le=24 * 365)
    """How long the samples of each poll are kept."""
    keep_minute_days: int = Field(default=7, ge=1, le=3650)
    """How long the means, least and greatest values of each minute are kept."""
    keep_hour_days: int = Field(default=730, ge=1, le=7300)
