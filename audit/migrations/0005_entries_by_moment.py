from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("audit", "0004_found_by"),)

    operations = (
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["vendor", "created_at", "id"], name="audit_by_moment"),
        ),
    )
