import re
from collections.abc import Callable

import pytest

from takeout.adapt.context import Dependency
from takeout.replica import layout
from takeout.replica.model import Replica
from takeout.targets import target_names

MakeReplica = Callable[..., Replica]


def sections(text: str) -> list[str]:
    return re.findall(r"^## \d+\. (.+)$", text, re.MULTILINE)


def test_the_steps_come_in_order(make_replica: MakeReplica) -> None:
    text = make_replica().files["README.md"]

    assert sections(text) == [
        "Before you begin",
        "Cluster",
        "Storage",
        "Secrets",
        "Login",
        "Address",
        "Install",
        "First login",
        "Changes later",
        "Undo",
    ]


def test_the_commands_are_filled_in_for_the_hub(make_replica: MakeReplica) -> None:
    text = make_replica().files["README.md"]

    assert (
        "helm upgrade --install reef jupyterhub --repo https://charts.example.org/hub/ --version 4.3.3 \\\n"
        "  --namespace reef --create-namespace -f values.yaml -f secrets.yaml -f local.values.yaml "
        "--wait --timeout 15m" in text
    )
    assert "kubectl apply --namespace reef -f manifests/" in text
    assert "https://hub.example.edu/hub/health" in text
    assert "takeout hub replicate lagoon/reef --to . --source SOURCE --domain hub.example.edu" in text
    assert "takeout hub deploy . --undeploy --adopt" in text


def test_an_action_stands_in_its_step_as_a_box_with_command_and_proof(make_replica: MakeReplica) -> None:
    text = make_replica().files["README.md"]
    login = text[text.index("Login\n") : text.index("Address\n")]

    assert "- [ ] **Register the app** `register-app` (blocking)" in login
    assert "  ```console\n  open https://github.com\n  ```" in login
    assert "  To see that it worked: Log in." in login


def test_a_secret_to_fill_in_is_a_box_and_a_generated_one_is_not(make_replica: MakeReplica) -> None:
    text = make_replica().files["README.md"]

    assert "- [ ] `hub.config.GitHubOAuthenticator.client_secret` (blocking)\n\n  The secret from GitHub." in text
    assert "Made for you, nothing to do: `hub.services.grader.apiToken`." in text


def test_without_a_domain_the_runbook_says_so(make_replica: MakeReplica) -> None:
    assert "No address was chosen" in make_replica(domain="").files["README.md"]


@pytest.mark.parametrize("target", target_names())
def test_every_targets_steps_are_filled_in(make_replica: MakeReplica, target: str) -> None:
    gpu = "jupyterhub: {singleuser: {extraResource: {limits: {nvidia.com/gpu: 1}}}}\ndask: {enabled: true}\n"
    text = make_replica(gpu, target=target).files["README.md"]

    assert "GPU" in text
    assert not re.search(r"\{(cluster|namespace|host|pool|instance_type|gpus?)\}", text)
    assert text.count("```") % 2 == 0


def test_an_oci_chart_is_named_whole(make_replica: MakeReplica, monkeypatch: pytest.MonkeyPatch) -> None:
    oci = Dependency("jupyterhub", "jupyterhub", "4.3.3", "oci://registry.example.org/charts")
    real = layout.choose_layout
    monkeypatch.setattr(
        "takeout.replica.build.choose_layout",
        lambda *args, **kw: layout.replace(real(*args, **kw), jupyterhub=oci),
    )

    text = make_replica().files["README.md"]

    assert "helm upgrade --install reef oci://registry.example.org/charts/jupyterhub --version 4.3.3" in text
