from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("mail", "0007_own_texts_row_level_security"),)

    operations = (
        migrations.AddIndex(
            model_name="outgoingemail",
            index=models.Index(
                name="outgoing_email_failed",
                fields=["vendor", "-created_at", "id"],
                condition=models.Q(state="failed"),
            ),
        ),
    )
