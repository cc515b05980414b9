from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0005_words"),
        ("releases", "0003_sorted_lists"),
        ("tenancy", "0003_sorted_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="download",
            index=models.Index(fields=["vendor", "ip", "id"], name="download_by_ip"),
        ),
    ]
