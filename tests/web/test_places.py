"""Places for files on their way: so many at a time, half for one holder, each given back once."""

import pytest

from web.places import AllPlacesTaken, Places


def test_places_are_shared_out_and_come_back() -> None:
    places = Places(8)
    taken = [places.take(holder) for holder in "aaaabbcd"]
    for holder in ("a", "e"):
        with pytest.raises(AllPlacesTaken):
            places.take(holder)
    taken[0].give_back()
    taken[0].give_back()
    places.take("e")
    with pytest.raises(AllPlacesTaken):
        places.take("f")


def test_one_holder_gets_half_and_one_at_least() -> None:
    for number, share in ((1, 1), (3, 1), (8, 4), (48, 24)):
        places = Places(number)
        for _ in range(share):
            places.take("a")
        with pytest.raises(AllPlacesTaken):
            places.take("a")
