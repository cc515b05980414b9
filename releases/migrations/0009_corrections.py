from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("releases", "0008_versions")]

    operations = [
        migrations.AddField(
            model_name="release",
            name="corrected_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="corrected at"),
        ),
        migrations.AddField(
            model_name="release",
            name="version_freed",
            field=models.BooleanField(default=False, editable=False, verbose_name="version freed"),
        ),
        migrations.RemoveConstraint(model_name="release", name="release_version_once"),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                condition=models.Q(("version_freed", False)),
                fields=("product", "channel", "version_key", "platforms"),
                name="release_version_once",
                violation_error_message="There is a release of this version already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("version_freed", False), ("archived", True), _connector="OR"),
                name="release_freed_is_archived",
            ),
        ),
    ]
