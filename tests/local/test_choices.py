from typing import Any

from takeout.local.inside.choices import of_profile


def profile(**options: Any) -> dict[str, Any]:
    return {"slug": "small", "profile_options": options}


def choices(*names: str) -> dict[str, Any]:
    return {"choices": {name: {} for name in names}}


def test_a_profile_without_options_is_one_choice() -> None:
    assert of_profile({"slug": "small"}) == [{"profile": "small"}]


def test_every_combination_is_a_choice() -> None:
    found = of_profile(profile(image=choices("a", "b"), memory=choices("1", "2")))
    assert found == [
        {"profile": "small", "image": image, "memory": memory} for image in ("a", "b") for memory in ("1", "2")
    ]


def test_beyond_the_bound_one_option_is_varied_at_a_time() -> None:
    found = of_profile(profile(image=choices("a", "b"), memory=choices("1", "2")), most=3)
    assert found == [
        {"profile": "small"},
        {"profile": "small", "image": "a"},
        {"profile": "small", "image": "b"},
        {"profile": "small", "memory": "1"},
        {"profile": "small", "memory": "2"},
    ]


def test_something_is_written_where_an_option_has_nothing_to_choose() -> None:
    (found,) = of_profile(profile(image={"unlisted_choice": {"enabled": True}}))
    assert found["image--unlisted-choice"].startswith("quay.io/")
