from takeout.local.pages import profiles_of


def test_profiles_of_kubespawners_own_form() -> None:
    page = """<input type="hidden" name="profile" value="x"><input type="radio" name="profile" value="small">
    <input type='radio' name='profile' value='gpu' checked />"""
    assert profiles_of(page) == ["small", "gpu"]


def test_profiles_of_the_fancy_form() -> None:
    page = """<script>window.profileList = [{"slug": "a", "display_name": "]; no"}, {"slug": "b"}];</script>"""
    assert profiles_of(page) == ["a", "b"]


def test_a_page_without_a_form_has_no_profiles() -> None:
    assert profiles_of("<p>hello</p>") == []
