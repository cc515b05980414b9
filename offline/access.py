"""The door by which a customer's view gets an answered offline file."""

from typing import Any

from django.db.models import F, Q
from django.http import Http404
from django.utils import timezone

from accounts.requests import PersonRequest
from licenses.access import licenses_of
from licenses.models import Activation
from offline.models import OfflineExchange

# What was answered for the licence's present owner; what was for an earlier one tells of that one.
# Of somebody who was erased there is no response any more.
OF_PRESENT_OWNER = (Q(owner=F("license__user")) | Q(owner=None, license__user=None)) & ~Q(
    response=""
)


def get_exchange(request: PersonRequest, exchange_id: Any) -> OfflineExchange:
    """An exchange of one of the customer's licences, licence and product loaded; raises Http404,
    also for one of an earlier owner's time."""
    exchange = (
        OfflineExchange.objects.filter(OF_PRESENT_OWNER)
        .filter(pk=exchange_id, license__in=licenses_of(request.user))
        .select_related("license__product")
        .first()
    )
    if exchange is None:
        raise Http404
    return exchange


def machine_of(exchange: OfflineExchange) -> Activation | None:
    """The exchange's machine, while it has its seat."""
    return Activation.objects.filter(pk=exchange.activation_id).first()


def last_exchange_of(request: PersonRequest, activation_id: Any) -> OfflineExchange:
    """What was last answered for a machine, whether it can be used or not; raises Http404."""
    exchange = (
        OfflineExchange.objects.filter(OF_PRESENT_OWNER)
        .filter(activation_id=activation_id, license__in=licenses_of(request.user))
        .order_by("-created_at", "id")
        .select_related("license__product")
        .first()
    )
    if exchange is None:
        raise Http404
    return exchange


def get_response_of_machine(request: PersonRequest, activation_id: Any) -> OfflineExchange:
    """The response of an active machine that was made last, while it can be installed; raises
    Http404."""
    exchange = (
        OfflineExchange.objects.filter(
            OF_PRESENT_OWNER,
            activation_id=activation_id,
            valid_until__gt=timezone.now(),
            license__in=licenses_of(request.user),
            license__activations=activation_id,
        )
        .order_by("-valid_until", "id")
        .select_related("license__product")
        .first()
    )
    if exchange is None:
        raise Http404
    return exchange
