import uuid

import django.db.models.deletion
from django.db import migrations, models

import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0029_tags_row_level_security"),
        ("licenses", "0016_where_activated"),
        ("tenancy", "0009_ways_in"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="has_been_activated",
            field=models.BooleanField(default=False, editable=False),
        ),
        PastTheWall(
            ("licenses.license", "accounts.tag", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="LicenseTag",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(auto_now_add=True, verbose_name="created"),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                        (
                            "license",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="license_tags",
                                to="licenses.license",
                            ),
                        ),
                        (
                            "tag",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="license_tags",
                                to="accounts.tag",
                                verbose_name="tag",
                            ),
                        ),
                        (
                            "vendor",
                            models.ForeignKey(
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="tenancy.vendor",
                                verbose_name="vendor",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "tag",
                        "verbose_name_plural": "tags",
                        "abstract": False,
                        "base_manager_name": "objects",
                    },
                ),
                migrations.AddIndex(
                    model_name="licensetag",
                    index=models.Index(fields=["vendor", "tag", "license"], name="license_by_tag"),
                ),
                migrations.AddConstraint(
                    model_name="licensetag",
                    constraint=models.UniqueConstraint(
                        fields=("license", "tag"), name="license_tag_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="licensetag",
                    constraint=tenancy.rows.SameVendor(
                        field="license",
                        name="license_tag_license_vendor",
                        to_table="licenses_license",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="licensetag",
                    constraint=tenancy.rows.SameVendor(
                        field="tag", name="license_tag_tag_vendor", to_table="accounts_tag"
                    ),
                ),
            ),
        ),
        migrations.AddField(
            model_name="license",
            name="tags",
            field=models.ManyToManyField(
                related_name="licenses",
                through="licenses.LicenseTag",
                to="accounts.tag",
                verbose_name="tags",
            ),
        ),
    ]
