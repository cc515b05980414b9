"""What may be meant by a text that is nowhere."""

from tenancy.likeness import alike, near


def test_signs_that_look_alike_are_exchanged_everywhere() -> None:
    assert alike("o1") == {"o1", "01", "oi", "0i", "ol", "0l"}
    assert "ada111acmeorbit0001" in alike("adaiiiacme0rb1tooo1")
    assert alike("acme") == {"acme"}


def test_of_very_many_ways_few_are_tried() -> None:
    long = "0158b8s5z2g60158b8s5z2g6"
    found = alike(long)
    assert 300 < len(found) < 10_000
    assert long.replace("0", "o") in found
    assert "o" + long[1:-1] + "g" in found
    assert len(alike("01" * 128)) < 10_000
    key = "a1b2c3d4e5f60718293a4b5c6d7e8f"
    assert "aib2c3d4e5f6o718293a4b5c6d7ebf" in alike(key)


def test_a_key_that_was_read_with_letters_throughout_is_meant() -> None:
    for key in (
        "120575f94e64566fbaf5162db9f26f732026",
        "1f0dbeaa8a385c66b6d87ce52dabe0312026",
        "7fefab36978d5805a609b8a4fa377fad2026",
    ):
        assert key in alike(key.replace("0", "o").replace("1", "i")), key
        assert key in alike(key.replace("0", "o").replace("1", "l")), key
        assert len(alike(key)) < 10_000


def test_one_letter_may_be_wrong_missing_too_much_or_with_its_neighbour() -> None:
    for typed in ("lovelase", "lovlace", "lovelacee", "lovealce", "1ovelace"):
        assert "lovelace" in near(typed), typed
    assert "lovelace" not in near("lovelace")
    assert "lovelace" not in near("lvelaec")
    assert "пушкин" in near("пушкен")
    assert len(near("a" * 256)) < 1000
    assert near("") <= set("abcdefghijklmnopqrstuvwxyz0123456789")
