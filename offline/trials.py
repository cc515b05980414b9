"""The page on which anybody hands in an offline request for a trial and gets the response."""

import re

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from licenses.errors import InvalidProductId
from licenses.models import Product, TrialActivation
from offline.forms import RequestForm
from offline.verbs.answering import uuid_of
from offline.verbs.trials import answer_trial, read_trial
from web import limits, once
from web.errors import PortalError
from web.pages import render
from web.requests import client_ip


# The same request again gets the same trial.
@once.every_time
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def hand_in(request: PersonRequest) -> HttpResponse:
    """The form, and the response as a file; 404 at a vendor none of whose products can be tried."""
    products = Product.objects.exclude(trial_policy=None)
    if not products.exists():
        raise Http404
    if request.method != "POST":
        return _ask_for_file(request, RequestForm())
    limits.take_from(limits.TRIAL_FILE_PER_IP, client_ip(request))
    form = RequestForm(request.POST, request.FILES)
    if not form.is_valid():
        return _ask_for_file(request, form, status=400)
    try:
        return _answer(form.cleaned_data["data"])
    except PortalError as error:
        return _ask_for_file(request, RequestForm(), refusal=error, status=400)


def _answer(data: bytes) -> HttpResponse:
    asked = read_trial(data)
    product_id = uuid_of(asked.product_id)
    if product_id is None:
        raise InvalidProductId
    trial, response = answer_trial(asked, product_id=product_id)
    answer = HttpResponse(response + "\n", content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{_file_name(trial)}"'
    return answer


def _file_name(trial: TrialActivation) -> str:
    name = f"{trial.hostname or 'machine'}-{trial.product.name}-trial"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:120] + ".dat"


def _ask_for_file(
    request: PersonRequest,
    form: RequestForm,
    *,
    refusal: PortalError | None = None,
    status: int = 200,
) -> HttpResponse:
    names = [str(each) for each in Product.objects.exclude(trial_policy=None)]
    context = {"form": form, "refusal": refusal, "names": names}
    return render(request, "offline/trial.html", context, status=status)
