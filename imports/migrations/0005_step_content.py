from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("imports", "0004_steps"),)

    operations = (
        migrations.AlterField(
            model_name="importstep",
            name="content",
            field=models.TextField(),
        ),
    )
