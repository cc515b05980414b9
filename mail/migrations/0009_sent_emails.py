from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("mail", "0008_failed_emails"),)

    operations = (
        migrations.AddIndex(
            model_name="outgoingemail",
            index=models.Index(
                name="outgoing_email_sent",
                fields=["vendor", "kind"],
                condition=models.Q(state="sent"),
            ),
        ),
    )
