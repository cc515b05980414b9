from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moving", "0002_row_level_security")]

    operations = [
        migrations.AddField(
            model_name="remark",
            name="further_ids",
            field=models.CharField(blank=True, db_default="", default="", max_length=264),
        ),
        migrations.AddField(
            model_name="remark",
            name="number",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name="remark",
            index=models.Index(fields=["vendor", "move", "noun", "number"], name="remark_of_many"),
        ),
        migrations.AddIndex(
            model_name="taken",
            index=models.Index(fields=["vendor", "row_id"], name="taken_row"),
        ),
    ]
