"""The buckets that limit how often something may be tried, the forms that were sent, and calls of
the Web API that were answered."""

from django.db import models


class RateBucket(models.Model):
    """How much of a limit is used up: the moment at which it would be whole again.

    The key is a keyed hash, so that the table holds no e-mail and no IP address.
    """

    key = models.CharField(max_length=64, primary_key=True)
    whole_at = models.FloatField(help_text="Seconds since the Unix epoch.")

    class Meta:
        indexes = (models.Index(fields=("whole_at",)),)

    def __str__(self) -> str:
        return self.key


class SentForm(models.Model):
    """A form that was sent and has made or changed something (web/once.py).

    The key is a keyed hash, so that the table holds nothing of anybody.
    """

    key = models.CharField(max_length=64, primary_key=True)
    answer = models.TextField(blank=True, help_text="The path to which it led.")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (models.Index(fields=("made_at",)),)

    def __str__(self) -> str:
        return self.key


class AnsweredCall(models.Model):
    """A call of the Web API that came with an Idempotency-Key (api/idempotency.py).

    Key and body are keyed hashes, and the answer is encrypted, so that the table holds nothing of
    anybody that can be read in it.
    """

    key = models.CharField(max_length=64, primary_key=True)
    body = models.CharField(max_length=64)
    answer = models.TextField(blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (models.Index(fields=("made_at",)),)

    def __str__(self) -> str:
        return self.key
