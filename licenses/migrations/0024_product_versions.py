import uuid

import django.db.models.deletion
from django.db import migrations, models

import licenses.models.product_versions
import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0023_trials_row_level_security"),
        ("tenancy", "0009_ways_in"),
    ]

    operations = [
        PastTheWall(
            ("licenses.license", "licenses.product", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="FeatureFlag",
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
                            "name",
                            models.CharField(
                                help_text="As the program asks for it.",
                                max_length=100,
                                verbose_name="name",
                            ),
                        ),
                        (
                            "description",
                            models.TextField(
                                blank=True, max_length=2000, verbose_name="description"
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="feature_flags",
                                to="licenses.product",
                                verbose_name="product",
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
                        "verbose_name": "feature flag",
                        "verbose_name_plural": "feature flags",
                        "ordering": ("name",),
                        "abstract": False,
                        "base_manager_name": "objects",
                    },
                ),
                migrations.CreateModel(
                    name="ProductVersion",
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
                            "name",
                            models.CharField(
                                help_text="As the program knows it.",
                                max_length=100,
                                verbose_name="name",
                            ),
                        ),
                        (
                            "display_name",
                            models.CharField(
                                blank=True,
                                help_text="As customers read it.",
                                max_length=100,
                                verbose_name="display name",
                            ),
                        ),
                        (
                            "description",
                            models.TextField(
                                blank=True, max_length=2000, verbose_name="description"
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="product_versions",
                                to="licenses.product",
                                verbose_name="product",
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
                        "verbose_name": "product version",
                        "verbose_name_plural": "product versions",
                        "ordering": ("name",),
                        "abstract": False,
                        "base_manager_name": "objects",
                    },
                ),
                migrations.CreateModel(
                    name="VersionFeature",
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
                        ("enabled", models.BooleanField(default=False, verbose_name="is on")),
                        (
                            "data",
                            models.TextField(
                                blank=True,
                                help_text="For the program: it reads them.",
                                max_length=4000,
                                verbose_name="data",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "feature",
                        "verbose_name_plural": "features",
                        "ordering": ("flag__name",),
                        "abstract": False,
                        "base_manager_name": "objects",
                    },
                ),
                migrations.AddField(
                    model_name="versionfeature",
                    name="flag",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="features",
                        to="licenses.featureflag",
                        verbose_name="feature flag",
                    ),
                ),
                migrations.AddField(
                    model_name="versionfeature",
                    name="vendor",
                    field=models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.vendor",
                        verbose_name="vendor",
                    ),
                ),
                migrations.AddField(
                    model_name="versionfeature",
                    name="version",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="features",
                        to="licenses.productversion",
                    ),
                ),
                migrations.AddIndex(
                    model_name="featureflag",
                    index=models.Index(
                        fields=["vendor", "name", "id"], name="feature_flag_by_name"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="featureflag",
                    constraint=models.UniqueConstraint(
                        fields=("product", "name"),
                        name="feature_flag_name_once",
                        violation_error_message="The product has a feature flag of this name already.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="featureflag",
                    constraint=models.UniqueConstraint(
                        fields=("vendor", "id"), name="feature_flag_vendor_pair"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="featureflag",
                    constraint=tenancy.rows.SameVendor(
                        field="product",
                        name="feature_flag_product_vendor",
                        to_table="licenses_product",
                    ),
                ),
                migrations.AddIndex(
                    model_name="productversion",
                    index=models.Index(
                        fields=["vendor", "name", "id"], name="product_version_by_name"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="productversion",
                    constraint=models.UniqueConstraint(
                        fields=("product", "name"),
                        name="product_version_name_once",
                        violation_error_message="The product has a product version of this name already.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="productversion",
                    constraint=models.UniqueConstraint(
                        fields=("vendor", "id"), name="product_version_vendor_pair"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="productversion",
                    constraint=models.UniqueConstraint(
                        fields=("product", "id"), name="product_version_product_pair"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="productversion",
                    constraint=tenancy.rows.SameVendor(
                        field="product",
                        name="product_version_product_vendor",
                        to_table="licenses_product",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="versionfeature",
                    constraint=models.UniqueConstraint(
                        fields=("version", "flag"),
                        name="version_feature_once",
                        violation_error_message="The product version has this feature already.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="versionfeature",
                    constraint=tenancy.rows.SameVendor(
                        field="version",
                        name="version_feature_version_vendor",
                        to_table="licenses_productversion",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="versionfeature",
                    constraint=tenancy.rows.SameVendor(
                        field="flag",
                        name="version_feature_flag_vendor",
                        to_table="licenses_featureflag",
                    ),
                ),
                migrations.AddField(
                    model_name="license",
                    name="product_version",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="licenses",
                        to="licenses.productversion",
                        verbose_name="product version",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="license",
                    constraint=tenancy.rows.SameVendor(
                        field="product_version",
                        name="license_product_version_vendor",
                        to_table="licenses_productversion",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="license",
                    constraint=licenses.models.product_versions.SameProduct(
                        field="product_version",
                        name="license_product_version_product",
                        to_table="licenses_productversion",
                    ),
                ),
            ),
        ),
    ]
