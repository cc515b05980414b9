"""Which platform a visitor's browser means."""

import pytest

from releases.platforms import guess, name_of

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
ALL = ["android", "ios", "linux", "macos", "windows"]


@pytest.mark.parametrize(
    ("browser", "words", "expected"),
    [
        (WINDOWS, ALL, "windows"),
        (MAC, ALL, "macos"),
        (LINUX, ALL, "linux"),
        (ANDROID, ALL, "android"),
        (IPHONE, ALL, "ios"),
        (WINDOWS, ["win32", "win64"], "win64"),
        (MAC, ["darwin-arm", "linux"], "darwin-arm"),
        (ANDROID, ["linux"], ""),
        (WINDOWS, [], ""),
        ("curl/8.5", ALL, ""),
        ("", ALL, ""),
    ],
)
def test_guess(browser: str, words: list[str], expected: str) -> None:
    assert guess(browser, words) == expected


def test_names() -> None:
    assert [name_of("macos"), name_of("beos")] == ["macOS", "beos"]
