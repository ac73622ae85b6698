"""Addresses of what rules were learned from."""

from takeout.adapt.cite import infrastructure


def test_a_file_is_cited_at_a_commit_with_its_lines() -> None:
    address = infrastructure("helm-charts/basehub/values.yaml", commit="0" * 40, lines="L1-L2")
    where = f"https://github.com/2i2c-org/infrastructure/blob/{'0' * 40}"
    assert address == f"{where}/helm-charts/basehub/values.yaml#L1-L2"


def test_a_directory_has_an_address_of_its_own_kind() -> None:
    assert "/tree/" in infrastructure("helm-charts/basehub/templates/")
    assert infrastructure("helm-charts/basehub/templates/").endswith("/templates")
