"""Buckets that people's code writes to."""

from __future__ import annotations

import re

from takeout.adapt.pods import paths_to, texts
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.values.path import Path

_URL = re.compile(
    r"(?P<scheme>s3|gs|gcs|abfss?|az)://(?P<bucket>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<rest>.*)", re.DOTALL
)
_OURS = re.compile(r"bucket|scratch|persistent", re.IGNORECASE)
_ENVIRONMENTS = {"extraEnv", "environment", "env"}
_SCHEMES = {"gke": "gs", "eks": "s3"}
_CONFIG_MAP = "cloud-env-vars"
# Beside z2jh's own values until 2021-05-16. Source: https://github.com/2i2c-org/infrastructure/commit/9235c3616
_RESOURCES: tuple[Path, ...] = (("jupyterhub", "custom", "cloudResources"), ("jupyterhub", "cloudResources"))


def change(draft: Draft) -> None:
    """Put a bucket of the owners' in the place of each bucket that code is told to use."""
    replaced: dict[str, tuple[str, str]] = {}
    for path, text in texts(draft, "://"):
        found = _URL.fullmatch(text)
        if found is None or not _ENVIRONMENTS.intersection(path):
            continue
        variable = _variable(draft, path)
        if not (_OURS.search(variable) or draft.context.mentions_origin(found["bucket"])):
            continue
        if found["bucket"].startswith("your-"):
            continue
        scheme = _SCHEMES.get(draft.context.target.distribution, found["scheme"])
        old = f"{found['scheme']}://{found['bucket']}"
        new = replaced.setdefault(old, (f"{scheme}://your-{_purpose(variable)}-bucket", variable))[0]
        draft.set(
            path, f"{new}{found['rest']}", why="people's code must not write into a bucket of the origin's cloud"
        )
    _drop_generated(draft)
    for old, (new, variable) in replaced.items():
        _ask(draft, old, new, variable)


def _variable(draft: Draft, path: Path) -> str:
    """Return the name of the variable whose value is at ``path``."""
    name = draft.get((*path[:-1], "name")) if path[-1] == "value" else path[-1]
    return str(name or "")


def _purpose(variable: str) -> str:
    for word in ("scratch", "persistent"):
        if word in variable.lower():
            return word
    return re.sub(r"[^a-z0-9]+", "-", variable.lower()).strip("-").removesuffix("-bucket") or "data"


def _drop_generated(draft: Draft) -> None:
    """Buckets that the origin's older charts made in its own project, and the variables that named them."""
    switches = [(*resources, "scratchBucket", "enabled") for resources in _RESOURCES]
    made = [path for path in switches if draft.get(path) is True]
    for path in made:
        draft.set(path, False, why="the bucket was made in the origin's project")
    if made or draft.get("scratchBucket.enabled") is True:
        draft.ask(
            Action(
                "copy-bucket-scratch",
                "Copy what is worth keeping out of the scratch bucket",
                "The origin's chart made a scratch bucket in its own Google Cloud project, and told people's "
                "servers of it in `SCRATCH_BUCKET` and `PANGEO_SCRATCH`. Ask the origin for its name and for a "
                "copy; name a bucket of yours in `singleuser.extraEnv.SCRATCH_BUCKET` in `local.values.yaml`.",
                stage="data",
            )
        )
    for resources in _RESOURCES:
        for key in (("provider",), ("gcp", "projectId")):
            if draft.get((*resources, *key)):
                draft.set((*resources, *key), "", why="it names the origin's project")
    draft.remove("scratchBucket", why="only a template of the origin's chart read it")
    for path in sorted(paths_to(draft, "configMapKeyRef"), key=str, reverse=True):
        if draft.get_map(path).get("name") == _CONFIG_MAP:
            draft.remove(path[:-2], why="the origin's chart made the ConfigMap that it asks for")


def _ask(draft: Draft, old: str, new: str, variable: str) -> None:
    bucket = old.partition("://")[2]
    draft.ask(
        Action(
            "copy-bucket-" + re.sub(r"[^a-z0-9]+", "-", bucket.lower()).strip("-"),
            f"Copy the bucket {bucket}",
            f"What is in `{old}` is yours: people reach it through `{variable}`. Make a bucket, put its name in "
            f"the place of `{new}` in `local.values.yaml`, and copy what is worth keeping while the origin still "
            "lets you read it. Until then code that uses the variable fails, and nothing is written to the "
            "origin.",
            _copy(old, new),
            f"rclone size on both gives the same number of objects; `echo ${variable}` in a new server shows the "
            "new one.",
            stage="data",
            covers=(Cover("origin", f"*{bucket}*"),),
        )
    )


def _copy(old: str, new: str) -> tuple[str, ...]:
    """Return the commands that make the new bucket and copy into it.

    Source: https://cloud.google.com/sdk/gcloud/reference/storage/rsync, https://rclone.org/commands/rclone_sync/
    """
    schemes = old.partition(":")[0], new.partition(":")[0]
    if schemes == ("s3", "s3"):
        return (f"aws s3 mb {new}", f"aws s3 sync {old} {new}")
    if schemes[1] == "gs":
        return (
            f"gcloud storage buckets create {new} --project $PROJECT",
            f"gcloud storage rsync --recursive {old} {new}",
        )
    bucket, target = (url.partition("://")[2] for url in (old, new))
    return ("rclone config", f"rclone copy --progress origin:{bucket} mine:{target}")


RULE = Rule(
    id="I03",
    title="Put buckets of the owners' in the place of the origin's",
    why=(
        "`SCRATCH_BUCKET` and its like point into the origin's cloud account: code would write there, or fail, "
        "and the data in it would be lost with the account. The data is the community's."
    ),
    source="https://infrastructure.2i2c.org/howto/features/buckets/",
    safety="ask",
    change=change,
    cases=(
        Case(
            "every place where a variable names a bucket",
            """
jupyterhub:
  singleuser:
    extraEnv:
      SCRATCH_BUCKET: s3://lagoon-scratch/$(JUPYTERHUB_USER)
      PANGEO_SCRATCH: s3://lagoon-scratch/$(JUPYTERHUB_USER)
    profileList:
      - kubespawner_override: {environment: {PERSISTENT_BUCKET: s3://lagoon-persistent/x}}
""",
            """
jupyterhub:
  singleuser:
    extraEnv:
      SCRATCH_BUCKET: s3://your-scratch-bucket/$(JUPYTERHUB_USER)
      PANGEO_SCRATCH: s3://your-scratch-bucket/$(JUPYTERHUB_USER)
    profileList:
      - kubespawner_override: {environment: {PERSISTENT_BUCKET: s3://your-persistent-bucket/x}}
""",
            actions=("copy-bucket-lagoon-scratch", "copy-bucket-lagoon-persistent"),
        ),
        Case(
            "another cloud has another scheme",
            "jupyterhub: {singleuser: {extraEnv: [{name: SCRATCH_BUCKET, value: 's3://a.b/c'}]}}",
            "jupyterhub: {singleuser: {extraEnv: [{name: SCRATCH_BUCKET, value: 'gs://your-scratch-bucket/c'}]}}",
            target="gke",
            actions=("copy-bucket-a-b",),
        ),
        Case(
            "buckets that older charts made",
            """
scratchBucket: {enabled: true}
jupyterhub:
  custom: {cloudResources: {provider: gcp, gcp: {projectId: p}, scratchBucket: {enabled: true}}}
  singleuser:
    extraEnv:
      one: {name: A, valueFrom: {configMapKeyRef: {name: cloud-env-vars, key: b}}}
      B: x
""",
            """
jupyterhub:
  custom: {cloudResources: {provider: '', gcp: {projectId: ''}, scratchBucket: {enabled: false}}}
  singleuser: {extraEnv: {B: x}}
""",
            actions=("copy-bucket-scratch",),
        ),
        Case(
            "a bucket that a chart of May 2021 made",
            """
jupyterhub: {cloudResources: {provider: gcp, gcp: {projectId: p}, scratchBucket: {enabled: true}}}
""",
            """
jupyterhub: {cloudResources: {provider: '', gcp: {projectId: ''}, scratchBucket: {enabled: false}}}
""",
            actions=("copy-bucket-scratch",),
        ),
        Case(
            "public data stays",
            "jupyterhub: {singleuser: {extraEnv: {CATALOG: 's3://noaa-goes16/index.json', NAME: s3}}}",
        ),
    ),
)
