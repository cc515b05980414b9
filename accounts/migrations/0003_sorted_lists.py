from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("accounts", "0002_row_level_security"),)

    operations = (
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["vendor", "company", "id"], name="user_by_company"),
        ),
    )
