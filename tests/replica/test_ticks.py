from takeout.replica.ticks import ticked, with_ticks, without_ticks

TEXT = """\
- [ ] **Copy `x` first** `copy-x` (blocking)
- [x] `hub.secret` (blocking)
- [X] **Plain**
  - [x] nested `no`
"""


def test_the_last_code_span_is_a_boxs_name() -> None:
    assert ticked(TEXT) == {"hub.secret", "**Plain**"}


def test_ticks_are_taken_off_and_put_on() -> None:
    bare = without_ticks(TEXT)

    assert ticked(bare) == set()
    assert ticked(with_ticks(bare, frozenset({"copy-x", "gone"}))) == {"copy-x"}
    assert with_ticks(bare, frozenset()) == bare
