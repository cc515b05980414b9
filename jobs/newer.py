"""Jobs of a newer version, which workers of before get while that is put in place."""


class OfNewerVersion(Exception):
    """A job, which this version knows, is about something that it does not know. Nothing was done
    yet; the job is left to newer workers (jobs/management/commands/db_worker.py)."""
