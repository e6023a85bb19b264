"""What comes and goes stays open longer each time: people are not told of each. Pure."""

from datetime import timedelta

from mmsconsole.agent.tail_warnings import said

FLAPS_WITHIN = timedelta(hours=1)
"""An alert that opens so soon after the last one of its key has flapped."""
CALM_SECONDS_MAX = 3600.0


def flaps_of(before: int | None) -> int:
    """Of a new alert; `before`: of the one of its key that closed lately, None: there is none."""
    return 0 if before is None else before + 1


def calm_seconds(clear_seconds: float, flaps: int) -> float:
    """How long it must be well to close: 2 min when it came back once, then twice as long each
    time, an hour at most; and never less than its rule wants."""
    calm = min(60.0 * 2.0 ** min(flaps, 20), CALM_SECONDS_MAX) if flaps else 0.0
    return max(clear_seconds, calm)


def why_calm(calm: float, flaps: int) -> str:
    """In words, why an alert is open although all is well; empty: it closes as its rule says."""
    times = "once" if flaps == 1 else f"{flaps} times"
    return f"all is well, for {said(calm)} before it closes: it came back {times}" if flaps else ""
