"""Who acts is known from one place."""

from audit import trail
from audit.acting import Channel, Origin, acting, acting_as, origin
from tests.world import World


def test_somebody_else_acts_from_the_same_place(world: World) -> None:
    with acting(Origin(channel=Channel.PORTAL, ip="192.0.2.1")):
        with acting_as(world.grace):
            entry = trail.record("changed", world.ada)
        assert origin().who() is None
    assert (entry.channel, entry.ip, entry.actor_id) == ("portal", "192.0.2.1", world.grace.pk)
