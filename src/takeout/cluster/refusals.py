"""What a cluster's refusals mean, in words, with the mend."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass

from takeout.errors import ClusterError, NetworkError, TakeoutError

FORBIDDEN, NOT_FOUND, CONFLICT, GONE, UNPROCESSABLE = 403, 404, 409, 410, 422
TOO_MANY, UNAVAILABLE = 429, 503

_ANONYMOUS = 'User "system:anonymous"'
_WEBHOOK = (
    "the webhook that the message names does not answer: see its pods, or remove it, if its program is gone "
    "(`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations`)"
)
_LOG_IN = (
    "log in again, as the cluster's provider says (`gcloud auth login`, `aws sso login`, `az login`, or a new "
    "kubeconfig); `kubectl --context {context} get nodes` must answer"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal as Kubernetes words it.

    Attributes:
        status: The HTTP status.
        reason: Kubernetes' word, such as ``Forbidden``.
        message: Its sentence.
        causes: What it found in an object, each with the field.
    """

    status: int
    reason: str
    message: str
    causes: tuple[str, ...] = ()


def read_refusal(status: int, body: bytes) -> Refusal:
    """Return the refusal that ``body``, a ``Status`` of Kubernetes or a text of something in between, tells."""
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        words = " ".join(body[:300].decode(errors="replace").split())
        return Refusal(status, "", words or f"status {status} without a word")
    details = data.get("details") or {}
    causes = tuple(
        f"{cause.get('field', '')}: {cause.get('message', '')}".removeprefix(": ")
        for cause in details.get("causes") or ()
        if isinstance(cause, dict)
    )
    return Refusal(status, str(data.get("reason") or ""), str(data.get("message") or ""), causes)


def refused(refusal: Refusal, what: str, *, context: str, plugin: str = "") -> ClusterError:
    """Return the error for a refusal.

    Args:
        refusal: What the cluster said.
        what: What was asked for, such as ``list pods in the namespace hub``.
        context: The kubeconfig's context.
        plugin: What a credential plugin complained of, where one failed.
    """
    message, hint = _words(refusal, what, context, plugin)
    return ClusterError(message, status=refusal.status, reason=refusal.reason, hint=hint)


def _words(refusal: Refusal, what: str, context: str, plugin: str) -> tuple[str, str]:
    """Return the message and the mend."""
    told = refusal.message
    match refusal.status:
        case 401:
            words = _no_credentials(context, plugin)
        case 403 if _ANONYMOUS in told:
            words = _no_credentials(context, plugin)
        case 403 if "being terminated" in told:
            words = (
                f"cannot {what}: the namespace is being deleted",
                "wait until it is gone and run this again, or take another: --namespace NAME",
            )
        case 403 if "cannot" in told:
            words = (
                f"you may not {what}: {told}",
                "ask the cluster's administrator for the permission that the message names",
            )
        case 403:
            words = (
                f"the cluster refuses to {what}: {told}",
                "a quota or a policy: its administrator knows which",
            )
        case 404:
            words = (f"cannot {what}: {told}", "")
        case 409:
            words = (f"cannot {what}: {told}", "somebody changed it meanwhile, or owns it: look, then run again")
        case 429 | 503:
            words = (f"the cluster is too busy to {what}: {told}", "run the command again in a few minutes")
        case 500 if "failed calling webhook" in told:
            words = (f"cannot {what}: {told}", _WEBHOOK)
        case status:
            words = (f"the cluster cannot {what}: {told} ({status})", "")
    return words


def _no_credentials(context: str, plugin: str) -> tuple[str, str]:
    why = f" ({plugin})" if plugin else ""
    message = f"the cluster does not accept the credentials of the context {context}{why}: expired, or none"
    return message, _LOG_IN.format(context=context)


def unreachable(error: BaseException, server: str, context: str) -> TakeoutError:
    """Return the error for a server that gave no answer: an address, a name, a certificate, or silence."""
    text = " ".join(str(item) for item in _chain(error))
    known = (
        (
            ("certificate expired", "sslv3_alert_certificate_expired"),
            "the client certificate in the kubeconfig has expired",
            _LOG_IN.format(context=context),
        ),
        (
            ("certificate has expired",),
            "the server's certificate has expired",
            "renew it on the cluster; see whether this machine's clock is right",
        ),
        (
            ("CERTIFICATE_VERIFY_FAILED",),
            "its certificate is of an authority that the kubeconfig does not name",
            "take a new kubeconfig from the provider: the cluster may have been made anew at this address",
        ),
        (
            ("NameResolutionError", "Name or service not known", "nodename nor servname", "Failed to resolve"),
            "its name is not known",
            "is the network or VPN up, and is the cluster still there? A new kubeconfig has its present address",
        ),
        (("refused",), "the connection is refused", "is the cluster running, and is this its port?"),
        (
            ("timed out", "TimeoutError"),
            "there is no answer in time",
            "is the network or VPN up, and may this machine's address reach the cluster?",
        ),
    )
    for signs, why, hint in known:
        if any(sign in text for sign in signs):
            return NetworkError(f"the cluster {context} at {server} cannot be reached: {why}", hint=hint)
    last = str(next(iter(_chain(error)), error))
    return NetworkError(
        f"the cluster {context} at {server} cannot be reached: {last}",
        hint=f"`kubectl --context {context} version` must answer",
    )


def is_certain(error: BaseException) -> bool:
    """Whether trying again cannot help: a certificate stays wrong."""
    return any(isinstance(item, ssl.SSLError) and "CERTIFICATE" in str(item).upper() for item in _chain(error))


def _chain(error: BaseException) -> list[BaseException]:
    """Return the error and its causes, the innermost last; urllib3 keeps one in ``reason``."""
    found: list[BaseException] = []
    at: object = error
    while isinstance(at, BaseException) and at not in found:
        found.append(at)
        at = getattr(at, "reason", None) or at.__cause__ or at.__context__
    return found
