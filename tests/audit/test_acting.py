"""Who acts is known from one place."""

from audit import trail
from audit.acting import Actor, Source, acting, acting_as, actor
from tests.world import World


def test_somebody_else_acts_from_the_same_place(world: World) -> None:
    with acting(Actor(source=Source.PORTAL, ip="192.0.2.1")):
        with acting_as(world.grace):
            entry = trail.record("changed", world.ada)
        assert actor().who() is None
    assert (entry.source, entry.ip, entry.actor_id) == ("portal", "192.0.2.1", world.grace.pk)
