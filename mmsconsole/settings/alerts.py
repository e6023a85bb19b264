"""When it is decided whether something is wrong, and who is told that nothing decides any more."""

from pydantic import Field

from mmsconsole.settings.notify import NO_SECRET, HttpUrl
from mmsconsole.settings.section import Section


class AlertsSettings(Section):
    """The alert service of the engine: [alerts]."""

    evaluate_seconds: float = Field(default=10.0, ge=1, le=3600)
    """How often every rule is looked at."""
    keep_days: int = Field(default=90, ge=1, le=3650)
    """So long closed alerts, and what was sent, are kept."""
    ping_url: HttpUrl = NO_SECRET
    """Called while alerts are really looked at: whoever waits there notices the silence."""
    ping_fail_url: HttpUrl = NO_SECRET
    """Called instead while the engine runs and alerts are not looked at. Empty: silence."""
    ping_seconds: float = Field(default=60.0, ge=5, le=24 * 3600)
