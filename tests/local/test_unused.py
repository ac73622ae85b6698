from takeout.local.unused import unused


def test_what_means_nothing_here_is_listed_once_with_the_reason() -> None:
    values = {
        "ingress": {"enabled": True},
        "proxy": {"service": {"type": "ClusterIP"}},
        "prePuller": {},
        "hub": {"config": {"JupyterHub": {}}, "resources": {"limits": {}}, "extraConfig": {"a": "b"}},
        "singleuser": {"memory": {"limit": "1G"}, "networkPolicy": {"enabled": True}},
        "custom": {"anything": 1},
        "nonsense": 1,
    }
    found = dict(unused(values))
    assert set(found) == {"ingress", "proxy", "hub.resources", "singleuser.networkPolicy", "nonsense"}
    assert found["ingress"] == "the try listens on 127.0.0.1 alone"
    assert "z2jh has no such value" in found["nonsense"]
