"""Service accounts of user pods, and what they were allowed in the origin's cloud."""

from __future__ import annotations

from takeout.adapt.cite import infrastructure
from takeout.adapt.context import Context
from takeout.adapt.pods import empty_out, paths_to
from takeout.adapt.rule import Action, Case, Draft, Rule

_IDENTITIES = {
    "eks.amazonaws.com/role-arn": "the AWS role",
    "iam.gke.io/gcp-service-account": "the Google service account",
    "azure.workload.identity/client-id": "the Azure identity",
}
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-policies-s3.html
_BUCKET_POLICY = """\
cat > bucket-policy.json <<END
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": ["arn:aws:s3:::$BUCKET"]},
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
   "Resource": ["arn:aws:s3:::$BUCKET/*"]}
]}
END"""
_ACCOUNT_KEYS = ("serviceAccountName", "service_account")


def change(draft: Draft) -> None:
    """Make the service accounts that pods name; take the origin's identities from them."""
    held = []
    for path in paths_to(draft, *_IDENTITIES):
        value = draft.get(path)
        if isinstance(value, str) and value:
            held.append(f"{_IDENTITIES[str(path[-1])]} `{value}`")
        empty_out(draft, path, why="it is an identity in the origin's cloud")
    names = _accounts(draft)
    if draft.get("userServiceAccount.enabled") is True:
        names.setdefault("user-sa")
    draft.remove("userServiceAccount", why="the account is made by a manifest of the replica")
    for name in names:
        draft.add(
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": name},
                # A user's code has no business with the cluster's interface.
                "automountServiceAccountToken": False,
            }
        )
    if held:
        _ask(draft, list(dict.fromkeys(held)), next(iter(names), "user-sa"))


def _accounts(draft: Draft) -> dict[str, None]:
    """Return the accounts that values name, in order, but for those that a chart or the cluster makes."""
    values = [draft.get(path) for path in paths_to(draft, *_ACCOUNT_KEYS)]
    return {value: None for value in values if isinstance(value, str) and value not in ("", "default", "hub")}


def _ask(draft: Draft, held: list[str], account: str) -> None:
    context = draft.context
    draft.ask(
        Action(
            "cloud-identity",
            "Decide what people's servers may do in your cloud",
            f"At the origin, servers ran as {', '.join(held)}, which could read and write the hub's buckets and "
            "whatever else was granted to it. That identity stays behind. If people's code uses cloud storage "
            f"without keys of its own, make an identity of yours and tie it to the service account `{account}`. "
            "Whoever has a server can do what the identity may: let it into the hub's buckets and no others."
            f"{_more(context)}",
            _commands(context, account),
            f"kubectl --namespace {context.hub.name} get serviceaccount {account} --output yaml",
            stage="data",
        )
    )


def _commands(context: Context, account: str) -> tuple[str, ...]:
    """Return how to make an identity and tie it to ``account`` on the target; nothing where that is unknown.

    Source: https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity,
    https://docs.aws.amazon.com/eks/latest/eksctl/pod-identity-associations.html
    """
    namespace = context.hub.name
    if context.target.distribution == "gke":
        email = "hub-users@$PROJECT.iam.gserviceaccount.com"
        member = f"serviceAccount:$PROJECT.svc.id.goog[{namespace}/{account}]"
        bind = f"gcloud iam service-accounts add-iam-policy-binding {email} --project $PROJECT"
        grant = "gcloud storage buckets add-iam-policy-binding gs://$BUCKET --role roles/storage.objectUser"
        annotate = f"kubectl --namespace {namespace} annotate serviceaccount {account}"
        return (
            "gcloud iam service-accounts create hub-users --project $PROJECT",
            f'{bind} --role roles/iam.workloadIdentityUser --member "{member}"',
            f"{annotate} iam.gke.io/gcp-service-account={email}",
            "export BUCKET=your-bucket",
            f"{grant} --member serviceAccount:{email}",
        )
    if context.target.distribution == "eks":
        create = f"eksctl create podidentityassociation --cluster $CLUSTER --namespace {namespace}"
        policy = "aws iam create-policy --policy-name $BUCKET-users --policy-document file://bucket-policy.json"
        return (
            "export BUCKET=your-bucket",
            _BUCKET_POLICY,
            f"export POLICY=$({policy} --query Policy.Arn --output text)",
            "eksctl create addon --cluster $CLUSTER --name eks-pod-identity-agent",
            f"{create} --service-account-name {account} --permission-policy-arns $POLICY",
        )
    return ()


def _more(context: Context) -> str:
    """Return what to do where there is more than one bucket."""
    if context.target.distribution == "gke":
        return " The last two commands let it into one bucket; repeat them for each."
    if context.target.distribution == "eks":
        return " The policy below is for one bucket; add the addresses of others to both of its lists."
    return ""


RULE = Rule(
    id="I02",
    title="Make the service accounts of user pods, without the origin's cloud identities",
    why=(
        "The origin's chart made the account `user-sa`; a pod that names an account that is not there is never "
        "created. The role or service account behind it belongs to the origin's cloud account."
    ),
    source=infrastructure("helm-charts/basehub/templates/serviceaccount-user.yaml"),
    safety="likely",
    change=change,
    cases=(
        Case(
            "the account is made, the role stays behind",
            """
userServiceAccount: {enabled: true, annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/x'}}
jupyterhub: {singleuser: {serviceAccountName: user-sa}}
""",
            "jupyterhub: {singleuser: {serviceAccountName: user-sa}}",
            actions=("cloud-identity",),
            manifests=("ServiceAccount/user-sa",),
        ),
        Case(
            "accounts of profiles and of admins too",
            """
jupyterhub:
  custom: {singleuserAdmin: {serviceAccountName: admin-sa}}
  singleuser: {profileList: [{kubespawner_override: {service_account: gpu-sa}}]}
""",
            manifests=("ServiceAccount/admin-sa", "ServiceAccount/gpu-sa"),
        ),
        Case("no account, no manifest", "jupyterhub: {singleuser: {serviceAccountName: null}}"),
    ),
)
