"""Whether the images can be pulled: on the nodes already, or promised by their registries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx

from takeout.chart.images import Image, ImageUse, list_images, parse_image
from takeout.cluster.preflight.check import Check, NotDoneError, Problem, Subject

_HOSTS = {"docker.io": "registry-1.docker.io"}
_ACCEPT = (
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_SECONDS = 10.0
_AT_ONCE = 8


def images(subject: Subject) -> Iterator[Problem]:
    """Yield images that no registry gives to a stranger, and that no node has."""
    plan = subject.plan
    rendered = list_images({}, plan.every_object)
    uses = {use.image: use for use in (*rendered, *list_images(plan.files.merged, plan.manifests))}
    there = _on_nodes(subject)
    missing = [use for image, use in uses.items() if image not in there]
    if not missing:
        return
    if not subject.pull:
        raise NotDoneError(f"{len(missing)} images are not on a node yet, and registries were not asked")
    has_secret = bool(plan.hub_values.get("imagePullSecrets")) or bool(
        (plan.hub_values.get("imagePullSecret") or {}).get("create")
    )
    with ThreadPoolExecutor(_AT_ONCE) as pool, httpx.Client(timeout=_SECONDS, follow_redirects=True) as client:
        answers = list(pool.map(lambda use: ask(client, use.image), missing))
    silent = [str(use.image) for use, answer in zip(missing, answers, strict=True) if answer is None]
    for use, answer in zip(missing, answers, strict=True):
        if answer in (401, 403):
            yield Problem(
                f"the registry keeps {use.image} to itself ({answer}); it is named by {_places(use)}",
                "give imagePullSecrets, or mirror the image: `takeout hub images DIR --mirror REGISTRY`",
                blocking=not has_secret,
            )
        elif answer == httpx.codes.NOT_FOUND:
            yield Problem(
                f"there is no image {use.image}; it is named by {_places(use)}",
                "name another tag or image in local.values.yaml",
            )
    if silent and len(silent) == len(missing):
        raise NotDoneError(
            f"no registry could be asked for {len(silent)} images; the nodes may have a way of their own"
        )
    if silent:
        yield Problem(f"not asked, for there was no answer: {', '.join(silent)}", blocking=False)


def ask(client: httpx.Client, image: Image) -> int | None:
    """Return the status that a registry gives for an image's manifest; None where there is no answer.

    Source: https://distribution.github.io/distribution/spec/api/ and /spec/auth/token/
    """
    host = _HOSTS.get(image.registry, image.registry)
    address = f"https://{host}/v2/{image.repository}/manifests/{image.digest or image.tag}"
    try:
        answer = client.head(address, headers={"Accept": _ACCEPT})
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            token = _token(client, answer.headers.get("www-authenticate", ""))
            if token:
                headers = {"Accept": _ACCEPT, "Authorization": f"Bearer {token}"}
                answer = client.head(address, headers=headers)
    except httpx.HTTPError:
        return None
    return answer.status_code


def _token(client: httpx.Client, challenge: str) -> str:
    """Return the token that a registry gives to anybody, or nothing."""
    fields = dict(_CHALLENGE.findall(challenge))
    if not challenge.lower().startswith("bearer") or not fields.get("realm", "").startswith("https://"):
        return ""
    answer = client.get(fields.pop("realm"), params=fields)
    if answer.status_code != httpx.codes.OK:
        return ""
    data = answer.json()
    return str(data.get("token") or data.get("access_token") or "")


def _on_nodes(subject: Subject) -> set[Image]:
    """Return the images that every ready node has; the kubelet tells of its fifty largest."""
    held = [
        {
            image
            for listed in (node.get("status") or {}).get("images") or ()
            for text in listed.get("names") or ()
            if (image := parse_image(str(text))) is not None
        }
        for node in subject.cluster.list("Node")
    ]
    return set.intersection(*held) if held else set()


def _places(use: ImageUse) -> str:
    shown = ", ".join(use.places[:3])
    return shown + (f" and {len(use.places) - 3} more" if len(use.places) > 3 else "")  # noqa: PLR2004 - a few


CHECKS = (Check("images", "the images can be pulled", images),)
