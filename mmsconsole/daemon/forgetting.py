"""Records that nobody asks for any more go, so that the metadata stays small for years."""

from datetime import datetime, timedelta

from mmsconsole.metadata.database import Metadata

JOBS_KEPT = timedelta(days=30)
"""For who looks what went wrong last week; events tell of it longer."""
RESTORES_KEPT = timedelta(days=365)
"""An audit asks for a year of drills."""
EVENTS_KEPT = timedelta(days=2 * 365)
"""The audit: this year's and last year's."""
VALIDATIONS_KEPT = 20
"""Of each head and kind; there is one a day."""


def forget_old(metadata: Metadata, now: datetime) -> None:
    """Safe to be called again and again."""
    metadata.jobs.forget_ended(now - JOBS_KEPT)
    metadata.restores.forget_ended(now - RESTORES_KEPT)
    metadata.links.forget_ended(now - RESTORES_KEPT)
    metadata.openings.forget_ended(now - RESTORES_KEPT)
    metadata.events.forget(now - EVENTS_KEPT)
    metadata.validations.forget_but(VALIDATIONS_KEPT)
