import django.core.validators
from django.db import migrations, models
from django.db.models import Value
from django.db.models.functions import Concat

import licenses.models.maintenance
import releases.files.names
from licenses.versions import RELEASE
from tenancy.wall import PastTheWall


def say_that_they_are_releases(apps, _editor):
    """What is there has numbers alone; behind them a key now says that it is no pre-release."""
    releases = apps.get_model("releases", "Release").objects
    releases.update(version_key=Concat("version_key", Value(RELEASE)))


class Migration(migrations.Migration):
    dependencies = [("releases", "0007_downloads")]

    operations = [
        migrations.AlterField(
            model_name="release",
            name="channel",
            field=models.CharField(
                default="stable",
                help_text="Such as stable or beta. A pre-release is never the newest of stable.",
                max_length=32,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[a-z0-9][a-z0-9._-]{0,31}\\Z",
                        "Use small letters, digits, dots, hyphens and underscores, 32 at most.",
                        "invalid_word",
                    )
                ],
                verbose_name="channel",
            ),
        ),
        migrations.AlterField(
            model_name="release",
            name="version",
            field=models.CharField(
                help_text=(
                    "Two to four numbers with dots between, such as 4.2.1; a pre-release is "
                    "4.2.1-rc.1."
                ),
                max_length=40,
                validators=[licenses.models.maintenance.validate_version],
                verbose_name="version",
            ),
        ),
        migrations.AlterField(
            model_name="release",
            name="version_key",
            field=models.CharField(editable=False, max_length=128),
        ),
        migrations.AlterField(
            model_name="releasefile",
            name="name",
            field=models.CharField(
                max_length=200,
                validators=[releases.files.names.validate_file_name],
                verbose_name="file name",
            ),
        ),
        PastTheWall(
            ("releases.Release",),
            (migrations.RunPython(say_that_they_are_releases, migrations.RunPython.noop),),
        ),
    ]
