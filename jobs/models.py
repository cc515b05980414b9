"""How each chore went the last time, which workers there are, and what was counted of all vendors
together. Rows of nobody's."""

from django.db import models


class ChoreTurn(models.Model):
    """A chore (jobs/chores.py) by its name: when it is due, which worker is at it, and how it went.

    `claimed_until` is the end of a claim whose worker was killed; a living one moves it on.
    """

    name = models.CharField(max_length=40, primary_key=True)
    due_at = models.DateTimeField()
    claimed_by = models.CharField(max_length=32, blank=True)
    claimed_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    failed = models.BooleanField(default=False)
    said = models.CharField(max_length=300, blank=True, help_text="What it did, or why it failed.")

    def __str__(self) -> str:
        return self.name


class SeenWorker(models.Model):
    """A worker, by a random name of its own, and when it last said that it lives."""

    name = models.CharField(max_length=32, primary_key=True)
    machine = models.CharField(max_length=100)
    process = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("seen_at",)),)

    def __str__(self) -> str:
        return self.name


class KeptNumber(models.Model):
    """How many there are of something at all vendors together, as a worker has counted it, such as
    `emails.queued`: whoever is served asks one vendor's rows at a time."""

    name = models.CharField(max_length=60, primary_key=True)
    value = models.BigIntegerField()
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
