"""Gauges that follow from other gauges of the same reading. Pure."""

HOUR = 3600.0


def derive(values: dict[str, float]) -> None:
    """Adds them; each only where all that it is made of is there."""
    _part(values, "cache_used_percent", "cache_used", "cache_maximum")
    _part(values, "cache_dirty_percent", "cache_dirty", "cache_maximum")
    current, available = values.get("connections_current"), values.get("connections_available")
    if current is not None and available is not None and current + available:
        values["connections_percent"] = current / (current + available) * 100
    _oplog(values)


def _part(values: dict[str, float], name: str, part: str, whole: str) -> None:
    if part in values and values.get(whole):
        values[name] = values[part] / values[whole] * 100


def _oplog(values: dict[str, float]) -> None:
    window = values.get("oplog_window")
    if window is None:
        return
    lag = values.get("replication_lag")
    if lag is not None:
        values["oplog_headroom"] = max(0.0, window - lag)
    if window and "oplog_bytes" in values:
        values["oplog_bytes_per_hour"] = values["oplog_bytes"] / window * HOUR
