"""The smoke test of a hub on a cluster: the login, every profile, and what days.py tries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import httpx

from takeout.cluster.api import Cluster, is_ready
from takeout.cluster.days import Days, attempt, live_through
from takeout.cluster.robots import Robots, robots
from takeout.errors import ClusterError
from takeout.local.browser import Browser, StepError
from takeout.local.prepare import group_names
from takeout.local.smoke import START_SECONDS, Step, StopError, do, one_profile
from takeout.progress import Progress, silent

_PASSWORDS = {
    "dummy": ("DummyAuthenticator", "password"),
    "shared-password": ("SharedPasswordAuthenticator", "user_password"),
}
_CULLER = "jupyterhub-idle-culler"
_HTTP_PORT = 8000
_NO_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Subject:
    """The hub under test.

    Attributes:
        cluster: The cluster.
        namespace: Its namespace.
        values: The jupyterhub chart's values over its defaults.
        address: Where the hub is reached; by a forwarded port where empty.
        domain: Its domain; empty where it has none yet.
        which: Every profile, or the first alone.
        start_seconds: How long a server may take to start.
    """

    cluster: Cluster
    namespace: str
    values: Mapping[str, Any]
    address: str = ""
    domain: str = ""
    which: Literal["all", "first"] = "all"
    start_seconds: float = START_SECONDS


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile.

    Attributes:
        slug: Its slug; empty for the one way to start where there are no profiles.
        groups: The groups that may use it; everybody where None.
    """

    slug: str
    groups: frozenset[str] | None = None

    def is_open_to(self, groups: frozenset[str]) -> bool:
        """Whether somebody in these groups may use it."""
        return self.groups is None or bool(self.groups & groups)


def cluster_smoke(
    subject: Subject, *, progress: Progress = silent, tell: Callable[[str], None] = lambda _: None
) -> list[Step]:
    """Try a hub on a cluster; return what each step came to.

    Args:
        subject: The hub.
        progress: Told about each profile.
        tell: Told what begins.

    Raises:
        ClusterError: When the hub has no pod that is ready, or none may be reached.
        NetworkError: When the cluster goes away.
    """
    steps: list[Step] = []
    pod = _ready_pod(subject, "hub")
    with _reached(subject) as url:
        try:
            groups = group_names(subject.values)
            with robots(subject.cluster, subject.namespace, pod, url, groups) as people:
                _login(steps, subject, url, people.other.user)
                tell(f"users for the test: {people.one.user} and two more")
                _profiles(steps, subject, people, progress)
                _culling(steps, subject, people)
                live_through(_days(steps, subject, people))
        except (StepError, httpx.HTTPError) as error:
            note = str(error) or type(error).__name__
            steps.append(Step("users for the test", ok=False, note=note, seconds=0.0))
    return steps


def _profiles(steps: list[Step], subject: Subject, people: Robots, progress: Progress) -> None:
    profiles = profiles_of(subject.values) or [Profile("")]
    open_to = [profile for profile in profiles if profile.is_open_to(people.groups)]
    wanted = open_to[:1] if subject.which == "first" else open_to
    for number, profile in enumerate(wanted):
        progress("profiles", number, len(wanted))
        one_profile(steps, people.one, profile.slug, people.one.user, subject.start_seconds)
    progress("profiles", len(wanted), len(wanted))
    for profile in profiles:
        if profile not in open_to:
            whom = ", ".join(sorted(profile.groups or ())) or "nobody"
            note = f"not tried: it is for {whom}, and the test's users are not among them"
            steps.append(Step(f"start ({profile.slug})", ok=True, note=note, seconds=0.0))


def _days(steps: list[Step], subject: Subject, people: Robots) -> Days:
    profiles = profiles_of(subject.values)
    usable = [profile.slug for profile in profiles if profile.is_open_to(people.groups)]
    slug = next(iter(usable), "")
    return Days(steps, subject.cluster, subject.namespace, subject.values, people, slug, subject.start_seconds)


def _login(steps: list[Step], subject: Subject, url: str, user: str) -> None:
    """Log in where the values have the password; otherwise see that the login page leads to the right door."""
    config = (subject.values.get("hub") or {}).get("config") or {}
    kind = str((config.get("JupyterHub") or {}).get("authenticator_class") or "dummy")
    section, key = _PASSWORDS.get(kind, ("", ""))
    password = (config.get(section) or {}).get(key) if section else None
    try:
        if password and not (config.get("Authenticator") or {}).get("allowed_users"):
            with Browser(url, user) as browser:
                said = "with the password of the values"
                do(steps, "log in", lambda: browser.log_in(str(password)), lambda _: said)
                # Where there is no form, asking for it would start a server.
                if profiles_of(subject.values):
                    do(steps, "profile form", browser.profiles, lambda found: f"{len(found)} offered")
        else:
            do(steps, "login page", lambda: door(url, subject.domain))
    except StopError:
        return


def door(url: str, domain: str) -> str:
    """Return where the login page leads; a provider must be told the hub's own address to come back to.

    Raises:
        StepError: When there is no login page, or the address to come back to is another host's.
    """
    with httpx.Client(trust_env=False, timeout=60) as client:
        page = client.get(f"{url}hub/login", follow_redirects=True)
        if page.status_code >= httpx.codes.BAD_REQUEST and urlsplit(url).netloc in str(page.url):
            raise StepError(f"the login page answers {page.status_code}")
        answer = client.get(f"{url}hub/oauth_login", follow_redirects=False)
    if not answer.is_redirect:
        return "a form"
    target = urlsplit(answer.headers["location"])
    back = parse_qs(target.query).get("redirect_uri", [""])[0]
    if domain and back and urlsplit(back).hostname != domain:
        raise StepError(f"{target.hostname} will send people back to {back}, and the hub is {domain}")
    return f"leads to {target.hostname}, and back to {back or 'nowhere that it says'}"


def _culling(steps: list[Step], subject: Subject, people: Robots) -> None:
    """See that the culler is on, unless the values turn it off."""

    def look() -> str:
        wanted = bool((subject.values.get("cull") or {}).get("enabled"))
        answer = people.admin.api("GET", "services")
        if answer.status_code != httpx.codes.OK:
            raise StepError(f"the hub does not tell of its services ({answer.status_code})")
        services = answer.json()
        command = (services.get(_CULLER) or {}).get("command") or []
        if not wanted:
            return "off, as the values say"
        if not services.get(_CULLER, {}).get("pid"):
            raise StepError("the values turn it on, and its process does not run in the hub")
        limit = next((item.partition("=")[2] for item in command if item.startswith("--timeout")), "?")
        return f"servers end after {limit} seconds without activity"

    attempt(steps, "idle culling", look)


def profiles_of(values: Mapping[str, Any]) -> list[Profile]:
    """Return the profiles; slugs as KubeSpawner makes them of names where none are given."""
    listed = (values.get("singleuser") or {}).get("profileList") or ()
    return [
        Profile(
            str(profile.get("slug") or slug_of(str(profile.get("display_name", "")))),
            frozenset(map(str, profile["allowed_groups"] or ())) if "allowed_groups" in profile else None,
        )
        for profile in listed
        if isinstance(profile, Mapping)
    ]


def slug_of(name: str) -> str:
    """Return a name as a slug.

    Source: https://github.com/un33k/python-slugify/blob/v8.0.4/slugify/slugify.py, for Latin script
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().replace("'", "-")
    return _NO_SLUG.sub("-", plain).strip("-")


def _ready_pod(subject: Subject, component: str) -> str:
    pods = subject.cluster.list("Pod", subject.namespace, labels=f"app=jupyterhub,component={component}")
    ready = next((str(pod["metadata"]["name"]) for pod in pods if is_ready(pod)), "")
    if not ready:
        raise ClusterError(
            f"the hub in the namespace {subject.namespace} has no {component} pod that is ready",
            hint="`takeout hub doctor` tells why",
        )
    return ready


def secured_address(values: Mapping[str, Any], path: str) -> str:
    """Return the address of a hub whose proxy speaks TLS itself and answers nothing else; empty for any other.

    Source: the chart's templates/proxy/deployment.yaml.

    Raises:
        ClusterError: When its name is not known.
    """
    https = (values.get("proxy") or {}).get("https") or {}
    if not https.get("enabled") or https.get("type") not in ("manual", "secret"):
        return ""
    hosts = https.get("hosts") or []
    if not hosts:
        hint = "say with --address where people reach it, or name it in the values: proxy.https.hosts"
        raise ClusterError("the hub's proxy answers only by its own name, which is not known", hint=hint)
    return f"https://{hosts[0]}{path}"


@contextmanager
def _reached(subject: Subject) -> Iterator[str]:
    """Yield the hub's address: the one that was given, its own, or a port forwarded to the proxy."""
    base = str((subject.values.get("hub") or {}).get("baseUrl") or "/")
    path = "/" + base.strip("/") + ("/" if base.strip("/") else "")
    address = subject.address or secured_address(subject.values, path)
    if address:
        yield address.rstrip("/") + "/"
        return
    pod = _ready_pod(subject, "proxy")
    with subject.cluster.forward(pod, subject.namespace, _HTTP_PORT) as address:
        yield f"http://{address}{path}"
