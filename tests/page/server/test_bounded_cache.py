"""A cache of what the page holds: bounded by size, number and age."""

import time

from gan_hub.page.server.bounded_cache import BoundedCache


def held(cache: BoundedCache[str, str], keys: str) -> str:
    return "".join(key for key in keys if cache.get(key) is not None)


def test_the_least_recently_used_value_goes_first() -> None:
    cache: BoundedCache[str, str] = BoundedCache(3, len)
    for key in "abc":
        cache.put(key, "x")
    assert cache.get("a") == "x"
    cache.put("d", "x")
    assert held(cache, "abcd") == "acd"
    cache.put("d", "xxxx")
    assert held(cache, "abcd") == "d", "the newest value is kept however large it is"
    cache.put("e", "x")
    assert held(cache, "abcde") == "e"
    cache.clear()
    assert held(cache, "abcde") == ""


def test_the_number_of_values_is_bounded_too() -> None:
    cache: BoundedCache[str, str] = BoundedCache(100, len, max_count=2)
    for key in "abc":
        cache.put(key, "x")
    assert held(cache, "abc") == "bc"


def test_what_is_too_old_is_gone_and_use_makes_nothing_younger() -> None:
    cache: BoundedCache[str, str] = BoundedCache(100, len, lifetime=lambda key: 0.1 if key == "a" else 60)
    cache.put("a", "x")
    cache.put("b", "x")
    for _ in range(3):
        cache.get("a")
        time.sleep(0.05)
    assert cache.drop_old() == 1
    assert held(cache, "ab") == "b"
