from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("mail", "0004_sent_texts"),)

    operations = (RowLevelSecurity("senttext"),)
