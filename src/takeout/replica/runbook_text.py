"""The runbook's fixed texts; fields in braces are filled in for the hub."""

OPENING = """\
This directory is everything needed to run the hub {id} on infrastructure of your own, at {host}. \
It is meant to be the first commit of a repository of yours. Follow the steps in order; every command is \
meant to be run in this directory."""

PREREQUISITES = """\
## Before you begin

| tool | version | to see that it is there |
| --- | --- | --- |
| [kubectl](https://kubernetes.io/docs/tasks/tools/) | near the cluster's | `kubectl version --client` |
| [Helm](https://helm.sh/docs/intro/install/) | 3.8 or newer | `helm version --short` |
| Takeout (`pip install 'jupyterhub-takeout[hub]'`) | any | `takeout --version` |

```console
git init
git add --all
git status
```

To see that it worked: `git status` lists the files of this directory, and `secrets.yaml` is not among them."""

NAMESPACE = """\
**Make the namespace.**

```console
kubectl create namespace {namespace} --dry-run=client --output yaml | kubectl apply -f -
```

To see that it worked: `kubectl get namespace {namespace}`"""

STORAGE = {
    "dynamic": "Every person gets a volume of their own, made by the cluster's default storage class.",
    "pvc": "All homes live on one volume: the claim {storage} in the hub's namespace, which must be there before \
the "
    "hub starts and must allow many nodes to write (ReadWriteMany).",
    "nfs": "All homes live on an NFS server of yours: {storage}. The nodes must reach it on port 2049.",
    "home-nfs": "All homes live on one volume that an NFS server inside the cluster serves (the companion chart "
    "jupyterhub-home-nfs).",
    "hostpath": "All homes live in the directory `{path}` of the one node of the cluster. This does not work with "
    "more nodes than one.",
}

SECRETS = """\
`secrets.yaml` holds what must not be published; git ignores it. Fill in what stands in angle brackets, and keep \
a \
copy in a password store: without it the hub cannot be installed again as it was."""

NO_SECRETS = "This hub needs no secret of yours: the chart makes its own tokens and keeps them in the cluster."

LOGIN = """\
People log in at https://{host}. Whoever provides the login must know this address before anybody can."""

IMAGES = """\
The hub runs images from registries of others. `takeout hub images .` lists them all and how to copy them to a \
registry of yours."""

DOMAIN = "The hub will be at https://{host}."

NO_DOMAIN = """\
No address was chosen: `{host}` stands in its place everywhere. Run `takeout hub replicate` again with \
`--domain`, \
or set it in `local.values.yaml`, before you install."""

INSTALL = "Objects that the chart does not make come first, then the chart itself."

INSTALL_UMBRELLA = """\
Objects that the charts do not make come first. `Chart.yaml` names the charts; Helm fetches them into `charts/`. \
`values.yaml` is handed over by name as well, so that what it sets to null is taken out of the charts' defaults."""

INSTALLED = """\
To see that it worked: `kubectl --namespace {namespace} get pods` shows `hub-…` and `proxy-…` as `Running`. A pod \
that stays `Pending` or in `ContainerCreating` says why with `kubectl --namespace {namespace} describe pod`."""

DEPLOY = """\
All of this, with checks before it and a test of the hub after it, is one command, which may stand in place of \
the ones above and is used for changes too:"""

FIRST_LOGIN = """\
## First login

```console
kubectl --namespace {namespace} get pods
curl --fail --silent --show-error https://{host}/hub/health
```

Open https://{host} and log in as one of the administrators, start a server, and open a terminal: `touch \
~/takeout-was-here`, stop the server, start it again, and see that the file is there. Then log in as somebody who \
must not be let in, and see that they are not."""

DATA = (
    "Homes and buckets hold people's work. Copy them before the old hub closes, and again shortly before the move."
)

REVIEW = "None of these keeps the hub from starting."

UPDATE = """\
## Changes later

Your own changes belong into `local.values.yaml`, which is read last. After a change, run the last command of the \
step "Install" again.

To bring in a newer state of the source, run this and look at the difference with `git diff`:

```console
takeout hub replicate {id} --to . --source SOURCE {options}
takeout hub check .
```

`local.values.yaml`, `secrets.yaml` and files that Takeout does not know are left alone; a file of Takeout's \
that you \
edited stays too, and the new one is written beside it as `NAME.new`."""

UNDO = """\
## Undo

```console
takeout hub deploy . --undeploy --adopt
kubectl get pvc,pv --namespace {namespace}
```

This stops the hub and leaves every claim: people's homes and the hub's database. `helm uninstall {release}` \
alone would delete the claims that the charts make: the database, and the disk below all homes where the hub runs \
a home server. Only when nobody needs them any more:

```console
kubectl delete namespace {namespace}
```

To see that it worked: `kubectl get namespace {namespace}` finds nothing. Volumes whose class says `Retain`, and \
the \
cluster itself, go on costing money until they are deleted at the provider."""
