from takeout.local.pages import profiles_of
from takeout.local.samples import notebook


def test_profiles_of_kubespawners_own_form() -> None:
    page = """<input type="hidden" name="profile" value="x"><input type="radio" name="profile" value="small">
    <input type='radio' name='profile' value='gpu' checked />"""
    assert profiles_of(page) == ["small", "gpu"]


def test_profiles_of_the_fancy_form() -> None:
    page = """<script>window.profileList = [{"slug": "a", "display_name": "]; no"}, {"slug": "b"}];</script>"""
    assert profiles_of(page) == ["a", "b"]


def test_a_page_without_a_form_has_no_profiles() -> None:
    assert profiles_of("<p>hello</p>") == []


def test_notebooks_are_of_the_format() -> None:
    written = notebook([("code", "1\n2"), ("markdown", "# x")])
    cells = written["cells"]
    assert isinstance(cells, list)
    assert cells[0]["source"] == ["1\n", "2"]
    assert "outputs" not in cells[1]
