from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("audit", "0002_row_level_security"),)

    operations = (
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["vendor", "source", "sequence"], name="audit_by_source"),
        ),
    )
