import django.db.models.deletion
from django.db import migrations, models

import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0011_names_for_customers"),
        ("tenancy", "0004_own_releases"),
    ]

    operations = [
        PastTheWall(
            ("licenses.product", "licenses.licensepolicy", "licenses.maintenancepolicy"),
            (
                migrations.AddField(
                    model_name="product",
                    name="default_maintenance_policy",
                    field=models.ForeignKey(
                        blank=True,
                        help_text="The new versions that such licences bring; without one, all of them.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="licenses.maintenancepolicy",
                        verbose_name="default maintenance policy",
                    ),
                ),
                migrations.AddField(
                    model_name="product",
                    name="default_policy",
                    field=models.ForeignKey(
                        blank=True,
                        help_text="The terms of new licences for which nothing else is chosen.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="licenses.licensepolicy",
                        verbose_name="default policy",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="product",
                    constraint=tenancy.rows.SameVendor(
                        field="default_policy",
                        name="product_policy_vendor",
                        to_table="licenses_licensepolicy",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="product",
                    constraint=tenancy.rows.SameVendor(
                        field="default_maintenance_policy",
                        name="product_maintenance_policy_vendor",
                        to_table="licenses_maintenancepolicy",
                    ),
                ),
            ),
        ),
    ]
