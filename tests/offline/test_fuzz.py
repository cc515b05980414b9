"""Fuzzing: no input makes a server error or a seat, in the codec and through the page.

The short profile runs in every suite. The long one is 100,000 inputs to each test:
`python3 dev.py test tests/offline/test_fuzz.py --hypothesis-profile=long`
"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from licenses.models import License
from offline.codec import InvalidOfflineRequest, parse_request
from tenancy.door import inside
from tests.offline.requests_maker import ACTIVATION, MachineKeys, activation_payload, encode, sign
from tests.world import Browser, World, signed_in

MACHINE = MachineKeys()
GOOD = MACHINE.activation("a-product", "a-key")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
NAMES = [*activation_payload("p", "k", "lab"), "activationId"]


@st.composite
def signed_payloads(draw: Any) -> str:
    """A request that is properly signed and says anything at all."""
    payload = activation_payload("a-product", "a-key", "lab")
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=3)):
        payload[name] = draw(values)
    header = MACHINE.header(
        draw(
            st.sampled_from(
                [ACTIVATION, "offline-trial-request+jwt", "offline-deactivation-request+jwt"]
            )
        )
    )
    for name in draw(st.lists(st.sampled_from(["alg", "typ", "jwk", "kid", "crit"]), max_size=1)):
        header[name] = draw(values)
    return sign(header, payload, MACHINE.key)


@st.composite
def damaged(draw: Any) -> str:
    """A good request with some of its characters changed, dropped or doubled."""
    text = list(GOOD)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(text) - 1))
        text[place] = draw(st.sampled_from(["", "A", ".", "=", "\x00", "é", text[place] * 2]))
    return "".join(text)


@st.composite
def raw_parts(draw: Any) -> str:
    header = draw(st.binary(max_size=60) | values.map(lambda v: json.dumps(v).encode()))
    payload = draw(st.binary(max_size=60) | values.map(lambda v: json.dumps(v).encode()))
    return f"{encode(header)}.{encode(payload)}.{encode(draw(st.binary(max_size=64)))}"


anything = (
    st.binary(max_size=300) | st.text(max_size=300) | damaged() | signed_payloads() | raw_parts()
)


@given(anything)
def test_the_codec_reads_or_refuses(data: bytes | str) -> None:
    try:
        request = parse_request(data)
    except InvalidOfflineRequest as refusal:
        assert refusal.reason
    else:
        assert 64 <= len(request.fingerprint) <= 256


@given(damaged())
def test_a_damaged_request_is_never_another_request(text: str) -> None:
    try:
        request = parse_request(text)
    except InvalidOfflineRequest:
        return
    assert request == parse_request(GOOD)


@given(
    st.lists(st.integers(0, len(GOOD)), max_size=12),
    st.sampled_from([" ", "\n", "\r\n", "\t", "\u00a0", "\n> ", "\r\n>>> ", "\ufeff", "\n\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_white_space_can_not_belong_to_a_request(
    places: list[int], blank: str, encoding: str
) -> None:
    text = GOOD
    for place in sorted(places, reverse=True):
        text = text[:place] + blank + text[place:]
    assert parse_request(text.encode(encoding)) == parse_request(GOOD)


@pytest.fixture
def ada(world: World) -> tuple[World, Browser]:
    return world, signed_in(world.ada)


@pytest.mark.takes_turns
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=anything, path=st.sampled_from(["/offline/", "/offline/confirm/"]))
def test_the_page_refuses_and_no_seat_is_taken(
    ada: tuple[World, Browser], frozen_time: Any, data: bytes | str, path: str
) -> None:
    world, browser = ada
    frozen_time.shift(1)  # as fast as the limit of attempts allows
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    response = browser.post(path, {"request_text": text.encode("utf-8", "replace").decode()})
    assert response.status_code == 400
    with inside(world.acme):
        assert License.objects.get(pk=world.ada_license.pk).total_activations == 1
