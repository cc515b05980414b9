"""The three tables of the page, as they are."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone


class Person(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)

    objects: BaseUserManager["Person"] = BaseUserManager()
    USERNAME_FIELD = "email"

    class Meta:
        managed = False
        db_table = "accounts_user"


class Product(models.Model):
    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=100)

    class Meta:
        managed = False
        db_table = "licenses_product"

    def __str__(self) -> str:
        return self.name


class License(models.Model):
    id = models.UUIDField(primary_key=True)
    key = models.CharField(max_length=256)
    product = models.ForeignKey(Product, models.PROTECT)
    user = models.ForeignKey(Person, models.PROTECT, null=True)
    allowed_activations = models.IntegerField()
    total_activations = models.PositiveIntegerField()
    suspended = models.BooleanField()
    revoked = models.BooleanField()
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "licenses_license"
        ordering = ("-created_at", "id")

    def __str__(self) -> str:
        return self.key

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def seats_left(self) -> int:
        return max(0, self.allowed_activations - self.total_activations)
