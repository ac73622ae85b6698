from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from takeout.cluster.places import Mount, mounts_of, writable_for
from takeout.cluster.session import TokenSession
from takeout.cluster.smoke import Profile, door, profiles_of, secured_address, slug_of
from takeout.errors import ClusterError
from takeout.local.browser import StepError

POD = {
    "spec": {
        "volumes": [
            {"name": "home", "persistentVolumeClaim": {"claimName": "homes"}},
            {"name": "files", "secret": {"secretName": "singleuser"}},
            {"name": "shm", "emptyDir": {}},
        ],
        "containers": [
            {
                "volumeMounts": [
                    {"name": "home", "mountPath": "/home/jovyan", "subPath": "ada"},
                    {"name": "home", "mountPath": "/home/jovyan/shared", "subPath": "_shared", "readOnly": True},
                    {"name": "home", "mountPath": "/home/rstudio/shared", "subPath": "_shared", "readOnly": True},
                    {"name": "files", "mountPath": "/etc/x"},
                    {"name": "shm", "mountPath": "/scratch"},
                ]
            }
        ],
    }
}


def test_shared_folders_are_what_is_mounted_beside_the_home() -> None:
    volume = "persistentVolumeClaim:homes:_shared"
    assert mounts_of(POD, {}) == (
        Mount("/home/jovyan/shared", volume, read_only=True),
        Mount("/home/rstudio/shared", volume, read_only=True),
    )
    assert mounts_of({}, {}) == ()


def test_an_admins_folder_is_found_by_what_it_is() -> None:
    users = mounts_of(POD, {})
    admins = (*users, Mount("/home/jovyan/shared-readwrite", users[0].volume, read_only=False))
    assert writable_for(users, admins) == [("/home/jovyan/shared-readwrite", "/home/jovyan/shared")]
    assert writable_for(users, users) == []


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Small: 4 CPU, 32 GB", "small-4-cpu-32-gb"),
        ("NVIDIA Tesla T4, ~16 GB", "nvidia-tesla-t4-16-gb"),
        ("Été à Genève", "ete-a-geneve"),
        ("the user's own", "the-user-s-own"),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_profiles_and_who_may_use_them() -> None:
    listed = [
        {"display_name": "One"},
        {"display_name": "Two", "slug": "2", "allowed_groups": ["org:team"]},
        {"display_name": "Three", "allowed_groups": []},
    ]
    one, two, three = profiles_of({"singleuser": {"profileList": listed}})
    assert (one, two.slug) == (Profile("one"), "2")
    assert one.is_open_to(frozenset())
    assert two.is_open_to(frozenset({"org:team"}))
    assert not two.is_open_to(frozenset())
    assert not three.is_open_to(frozenset({"org:team"}))
    assert profiles_of({}) == []


@pytest.mark.parametrize("kind", ["manual", "secret"])
def test_a_proxy_that_speaks_tls_itself_is_asked_by_its_name(kind: str) -> None:
    https: dict[str, Any] = {"enabled": True, "type": kind, "hosts": ["hub.example.edu"]}
    assert secured_address({"proxy": {"https": https}}, "/jupyter/") == "https://hub.example.edu/jupyter/"
    with pytest.raises(ClusterError, match="not known") as caught:
        secured_address({"proxy": {"https": {**https, "hosts": []}}}, "/")
    assert "--address" in caught.value.hint


@pytest.mark.parametrize(
    "https", [{}, {"enabled": True, "type": "letsencrypt"}, {"enabled": False, "type": "secret"}]
)
def test_any_other_proxy_answers_a_forwarded_port(https: dict[str, Any]) -> None:
    assert secured_address({"proxy": {"https": {**https, "hosts": ["hub.example.edu"]}}}, "/") == ""
    assert secured_address({}, "/") == ""


@pytest.fixture
def hub() -> Iterator[Any]:
    """A server that gives each path the answers of the test, the last one again and again."""
    answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            kept = answers.get(f"{self.command} {self.path.partition('?')[0]}", [(404, {}, b"{}")])
            status, headers, body = kept.pop(0) if len(kept) > 1 else kept[0]
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _do  # noqa: N815 - the names that http.server wants

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_providers_door_must_lead_back(hub: Any) -> None:
    url, answers = hub
    answers["GET /hub/login"] = [(200, {}, b"Sign in with GitHub")]
    way = "https://github.com/login/oauth/authorize?client_id=abc&redirect_uri=https%3A%2F%2F{}%2Fhub%2Foauth_callback"
    answers["GET /hub/oauth_login"] = [(302, {"Location": way.format("hub.example.edu")}, b"")]
    assert door(url, "hub.example.edu").startswith("leads to github.com, and back to https://hub.example.edu/")
    answers["GET /hub/oauth_login"] = [(302, {"Location": way.format("old.example.org")}, b"")]
    with pytest.raises(StepError, match=r"will send people back to https://old\.example\.org/"):
        door(url, "hub.example.edu")
    answers["GET /hub/login"] = [(500, {}, b"")]
    with pytest.raises(StepError, match="answers 500"):
        door(url, "hub.example.edu")


def test_a_server_starts_by_token(hub: Any) -> None:
    url, answers = hub
    answers["POST /hub/api/users/ada/server"] = [(202, {}, b"")]
    answers["GET /hub/api/users/ada"] = [
        (200, {}, b'{"servers": {"": {"ready": false}}}'),
        (200, {}, b'{"servers": {"": {"ready": true}}}'),
    ]
    answers["GET /user/ada/api/status"] = [(503, {}, b""), (200, {}, b"{}")]
    with TokenSession(url, "ada", "secret") as session:
        session.start("small", 30)


def test_a_server_that_fails_says_what_the_hub_said(hub: Any) -> None:
    url, answers = hub
    answers["POST /hub/api/users/ada/server"] = [(202, {}, b"")]
    answers["GET /hub/api/users/ada"] = [(200, {}, b'{"servers": {}}')]
    said = b'data: {"progress": 10, "message": "waiting"}\n\ndata: {"failed": true, "message": "no node fits"}\n\n'
    answers["GET /hub/api/users/ada/server/progress"] = [(200, {}, said)]
    with TokenSession(url, "ada", "secret") as session, pytest.raises(StepError, match="no node fits"):
        session.start("", 30)
    answers["POST /hub/api/users/ada/server"] = [(400, {}, b'{"message": "already pending"}')]
    with (
        TokenSession(url, "ada", "secret") as session,
        pytest.raises(StepError, match=r"\(400\): already pending"),
    ):
        session.start("", 30)


def test_a_way_to_a_login_is_a_refusal(hub: Any) -> None:
    url, answers = hub
    answers["GET /user/bob/api/contents"] = [(302, {"Location": "/hub/api/oauth2/authorize?client_id=x"}, b"")]
    answers["GET /user/eve/api/contents"] = [(200, {}, b"{}")]
    with TokenSession(url, "ada", "secret") as session:
        assert session.status_of("user/bob/api/contents") == 403
        assert session.status_of("user/eve/api/contents") == 200
