"""Answering offline requests for a trial, which anybody may hand in. Nothing is kept of them but
the trial: the same request again gets another response to the same trial."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from licenses.errors import InvalidProductId
from licenses.models import TrialActivation
from licenses.token import trial_token
from licenses.verbs.trials import try_product
from offline import codec, errors
from offline.verbs.answering import machine_of, parsed


def read_trial(data: bytes | str) -> codec.TrialRequest:
    """The parsed request; raises InvalidOfflineRequest."""
    request = parsed(data)
    if not isinstance(request, codec.TrialRequest):
        raise errors.InvalidOfflineRequest("it asks for no trial")
    return request


def answer_trial(
    request: codec.TrialRequest, *, product_id: UUID, validity: int | None = None
) -> tuple[TrialActivation, str]:
    """The machine's trial of the product, and the response: a token that is bound to the key of
    the request and can be installed for as long as the product says, or `validity` seconds if that
    is shorter.

    Raises InvalidProductId where the request is for another product, and what `try_product` does.
    """
    if request.product_id.lower() != str(product_id):
        raise InvalidProductId
    trial = try_product(product_id, machine_of(request), offline=True)
    now, longest = timezone.now(), trial.product.offline_response_validity
    ends = now + timedelta(seconds=min(validity or longest, longest))
    response = trial_token(
        trial,
        now=now,
        orv=int(ends.timestamp()),
        cnf={"jkt": request.thumbprint},
        req=str(request.jti),
    )
    return trial, response
