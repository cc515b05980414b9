from django.db import migrations, models

import tenancy.finding


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_sorted_lists"),
        ("tenancy", "0003_sorted_lists"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="label",
            field=tenancy.finding.Ordered(blank=True, max_length=300, verbose_name="what"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["vendor", "actor_id", "sequence"], name="audit_of_actor"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["vendor", "label"], name="audit_by_label"),
        ),
    ]
