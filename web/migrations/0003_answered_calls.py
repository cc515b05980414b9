from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("web", "0002_sent_forms"),
    ]

    operations = [
        migrations.CreateModel(
            name="AnsweredCall",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("body", models.CharField(max_length=64)),
                ("answer", models.TextField(blank=True)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["made_at"], name="web_answere_made_at_209d88_idx")
                ],
            },
        ),
    ]
