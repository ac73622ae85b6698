from collections.abc import Callable

from takeout.replica.markdown import code, fence, wrap
from takeout.replica.model import Replica

MakeReplica = Callable[..., Replica]


def test_every_change_stands_below_its_rule(make_replica: MakeReplica) -> None:
    report = make_replica().files["REPORT.md"]

    assert "### T01 Take out the status page" in report
    assert "Without it: The page is gone." in report
    assert "<https://example.org/why>" in report
    assert (
        "- `singleuser.extraEnv.STATUS_PAGE` removed, was `https://status.tidewater.example`\n"
        "  (it is the operator's page)" in report
    )
    assert '- `hub.config.Authenticator.admin_users`: `["operator-1", "ada"]` → `["ada"]`' in report


def test_every_action_and_kept_mention_is_told(make_replica: MakeReplica) -> None:
    report = make_replica().files["REPORT.md"]

    assert "- **blocking** Register the app (`register-app`, rule T02)" in report
    assert "- `ada` (origin, rule T02): she is one of us" in report


def test_faults_of_the_source_have_their_place(make_replica: MakeReplica) -> None:
    report = make_replica("jupyterhub:\n  cull: {timeout: 1}\n  cull: {timeout: 2}\n").files["REPORT.md"]

    assert "## Faults in the source" in report
    assert "`hubs/reef.yaml:3" in report


def test_a_secret_is_not_shown(make_replica: MakeReplica) -> None:
    report = make_replica().files["REPORT.md"]

    assert "- `hub.config.GitHubOAuthenticator.client_secret` removed, was `(secret)`" in report


def test_an_edited_text_is_shown_as_a_difference(make_replica: MakeReplica) -> None:
    own = "jupyterhub: {hub: {config: {Authenticator: {admin_users: [operator-1]}}}}\n"

    assert "removed" in make_replica(own).files["REPORT.md"]


def test_code_spans_and_fences_hold_backticks() -> None:
    assert code("a") == "`a`"
    assert code("`a` b") == "`` `a` b ``"
    assert code("a\n b") == "`a b`"
    assert fence(["x"], "sh") == "```sh\nx\n```"
    assert fence(["```", "x", "```"]).startswith("````\n")


def test_prose_is_wrapped_and_the_rest_left_alone() -> None:
    text = "word " * 40 + "\n\n```sh\n" + "x " * 100 + "\n\ny\n```\n\n- " + "item " * 40
    wrapped = wrap(text)

    assert max(len(line) for line in wrapped.splitlines() if line.startswith("word")) <= 100
    assert "x " * 99 + "x" in wrapped
    assert "- " + "item " * 39 + "item" in wrapped
