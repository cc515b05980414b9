from django.db import migrations, models

import tenancy.models


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0005_settled_steps"),
    ]

    operations = [
        migrations.AddField(
            model_name="vendor",
            name="email_sender",
            field=models.CharField(
                blank=True,
                default="",
                help_text="What people read as who wrote; the vendor's name unless it says otherwise.",
                max_length=100,
                validators=[tenancy.models.validate_sender],
                verbose_name="sender's name of e-mails",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="vendor",
            name="email_reply_to",
            field=models.EmailField(
                blank=True,
                default="",
                help_text="An e-mail address; the support e-mail unless it says otherwise.",
                max_length=254,
                verbose_name="answers to e-mails go to",
            ),
            preserve_default=False,
        ),
    ]
