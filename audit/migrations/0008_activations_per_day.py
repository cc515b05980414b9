from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("audit", "0007_who_was_erased"),)

    operations = (
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("action", "activated")),
                fields=[
                    "vendor",
                    "created_at",
                    "source",
                    "actor_vendor",
                    "actor_id",
                    "customer_id",
                    "license_id",
                ],
                name="audit_activated",
            ),
        ),
    )
