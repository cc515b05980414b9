"""Days as licences count them."""

from datetime import UTC, date, datetime, time


def end_of(day: date) -> datetime:
    """The last second of a day, in UTC: what "valid until that day" means."""
    return datetime.combine(day, time.max, UTC).replace(microsecond=0)
