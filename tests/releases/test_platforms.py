"""Platforms: known words, how else they are spelled, and which one a visitor's browser means."""

import pytest

from releases.platforms import NAMES, family_of, guess, name_of, suits, word_of, words_in

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
FREEBSD = "Mozilla/5.0 (X11; FreeBSD amd64; rv:130.0) Gecko/20100101 Firefox/130.0"
ALL = ["android", "ios", "linux", "macos", "windows"]


@pytest.mark.parametrize(
    ("word", "spellings"),
    [
        ("windows", "win|Windows|WINDOWS|MS Windows|Win 10|windows11|WinXP|winnt| windows "),
        ("win64", "win64|Win-64|windows-x64|windows_amd64|x86_64-windows|Windows (64-bit)"),
        ("win32", "win32|windows-x86|Windows 32bit|i686-windows"),
        ("windows-arm64", "win-arm64|Windows ARM64|aarch64-windows"),
        ("macos", "mac|macOS|Mac OS X|OSX|darwin|macintosh|macos-universal"),
        ("macos-arm64", "macos-arm64|darwin-aarch64|Mac Apple Silicon|mac m1"),
        ("macos-x64", "macos-x64|darwin_amd64|Mac Intel"),
        ("linux", "linux|Linux|GNU/Linux"),
        ("linux-x64", "linux64|linux-amd64|linux_x86_64|x86_64-linux-gnu|linux x64"),
        ("linux-x86", "linux32|linux-i386"),
        ("linux-arm64", "linux-aarch64|arm64-linux"),
        ("ios", "ios|iPhone|iPad|iPadOS"),
        ("android", "android|Android"),
    ],
)
def test_spellings(word: str, spellings: str) -> None:
    found = {spelling: word_of(spelling) for spelling in spellings.split("|")}
    assert found == dict.fromkeys(spellings.split("|"), word)


@pytest.mark.parametrize("word", NAMES)
def test_every_known_word_means_itself_and_has_a_family(word: str) -> None:
    assert word_of(word) == word
    assert family_of(word) in ALL


@pytest.mark.parametrize(
    "word", ["solaris", "BeOS", "winter", "darwinia", "windows-legacy", "linux-musl", "macos-x86"]
)
def test_other_words_are_a_vendors_own(word: str) -> None:
    assert word_of(word) == family_of(word) == word.lower()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("windows, linux", ["windows", "linux"]),
        ("windows linux", ["windows", "linux"]),
        ("Windows 10; Mac OS X\nsolaris", ["windows", "macos", "solaris"]),
        ("win64,win32,", ["win64", "win32"]),
        ("two words", ["two", "words"]),
        ("", []),
    ],
)
def test_typed_lists(text: str, words: list[str]) -> None:
    assert words_in(text) == words


@pytest.mark.parametrize(
    ("asked", "made_for", "offered"),
    [
        ("windows", "win64", True),
        ("windows", "win", True),  # as it was written before
        ("win64", "windows", True),
        ("x64 Windows", "windows", True),
        ("win64", "win32", False),
        ("windows", "linux", False),
        ("linux", "ubuntu", True),
        ("ubuntu", "debian", False),
        ("solaris", "solaris", True),
        ("Solaris", "solaris", True),
        ("linux", "solaris", False),
        ("windows", "windows-legacy", False),
        ("windows-legacy", "windows", False),
    ],
)
def test_what_is_offered(asked: str, made_for: str, offered: bool) -> None:
    assert suits(asked, [made_for]) is offered
    assert suits(asked, ["android", made_for]) is offered


@pytest.mark.parametrize(
    ("browser", "words", "expected"),
    [
        (WINDOWS, ALL, "windows"),
        (MAC, ALL, "macos"),
        (LINUX, ALL, "linux"),
        (ANDROID, ALL, "android"),
        (IPHONE, ALL, "ios"),
        (WINDOWS, ["win32", "win64"], "windows"),
        (MAC, ["darwin-arm64", "linux"], "macos"),
        (ANDROID, ["linux"], ""),
        (WINDOWS, [], ""),
        (WINDOWS, ["windows-legacy", "winter"], ""),
        (FREEBSD, ["linux", "freebsd"], ""),
        ("curl/8.5", ALL, ""),
        ("", ALL, ""),
    ],
)
def test_guess(browser: str, words: list[str], expected: str) -> None:
    assert guess(browser, words) == expected


def test_names() -> None:
    assert [name_of("macos"), name_of("win"), name_of("beos")] == ["macOS", "Windows", "beos"]
