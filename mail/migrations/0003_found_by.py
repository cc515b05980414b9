from django.conf import settings
from django.db import migrations, models

import tenancy.finding


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0002_row_level_security"),
        ("tenancy", "0003_sorted_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="outgoingemail",
            name="recipient",
            field=tenancy.finding.OrderedEmail(max_length=254, verbose_name="recipient"),
        ),
        migrations.AddIndex(
            model_name="outgoingemail",
            index=models.Index(fields=["vendor", "recipient", "id"], name="outgoing_email_to"),
        ),
    ]
