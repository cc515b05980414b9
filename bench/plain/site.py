"""The one page and its address."""

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import QuerySet
from django.urls import path
from django.views.generic import ListView

from bench.plain.models import License


class LicenseList(LoginRequiredMixin, ListView):
    """The signed-in person's licences in pages of 25; the paginator counts them."""

    paginate_by = 25
    template_name = "license_list.html"
    extra_context = {"padding": settings.PADDING}

    def get_queryset(self) -> QuerySet[License]:
        return License.objects.filter(user=self.request.user).select_related("product")  # type: ignore[misc]


urlpatterns = [path("licenses/", LicenseList.as_view(), name="licenses")]
