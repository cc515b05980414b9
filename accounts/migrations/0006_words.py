import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenancy.finding
import tenancy.rows
from tenancy.spelling import words_in
from tenancy.wall import PastTheWall, RowLevelSecurity


def fill_in(apps, _editor):
    """The words of the people who are there."""
    users, words = apps.get_model("accounts", "User"), apps.get_model("accounts", "UserWord")
    for part in tenancy.finding.batches(users.objects.exclude(vendor=None)):
        words.objects.bulk_create(
            words(vendor_id=user.vendor_id, word=word, user_id=user.pk)
            for user in part
            for word in words_of(user)
        )


def words_of(user):
    texts = (user.email, f"{user.first_name} {user.last_name}", user.company)
    return set().union(*map(words_in, texts))


class Migration(migrations.Migration):
    dependencies = (
        ("accounts", "0005_sessions_row_level_security"),
        ("tenancy", "0002_row_level_security"),
    )

    operations = (
        PastTheWall(
            ("accounts.user",),
            (
                migrations.CreateModel(
                    name="UserWord",
                    fields=[
                        ("word", tenancy.finding.Ordered(max_length=32)),
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "vendor_id",
                                "word",
                                "user_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                db_constraint=False,
                                editable=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="words",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "vendor",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="tenancy.vendor",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "objects",
                        "constraints": [
                            tenancy.rows.SameVendor(
                                field="user",
                                goes_along=True,
                                name="user_word_user_vendor",
                                to_table="accounts_user",
                            )
                        ],
                    },
                ),
                migrations.RunPython(fill_in, migrations.RunPython.noop),
            ),
        ),
        RowLevelSecurity("userword"),
    )
