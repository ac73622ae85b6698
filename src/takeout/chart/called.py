"""Have Helm's library call itself ``helm``, as the program does.

Kubernetes keeps for every field of an object by whom it was set, and Helm gives the name of the running program:
from Python that is ``python3``, or whatever the interpreter is called. The next ``helm upgrade`` or ``helm
rollback`` of a person would then be refused, for the fields are another's. Go reads the program's name where the
system put it, when the library is loaded; so it is changed there, before that.

Source: https://github.com/helm/helm/blob/v4.1.0/pkg/kube/client.go (``getManagedFieldsManager``)
"""

from __future__ import annotations

import ctypes
import sys

_NAME = b"helm"


def call_it_helm() -> bool:
    """Change the program's name in its memory; return whether that could be done.

    It can be on Linux with glibc; elsewhere Helm goes by the interpreter's name, and says so in a conflict.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        place = ctypes.c_void_p.in_dll(ctypes.CDLL(None), "program_invocation_name").value
    except (ValueError, OSError):
        return False
    if not place:
        return False
    room = len(ctypes.string_at(place))
    if room < len(_NAME):
        return False
    # Zeros to the end: what was there must not follow the name in a list of processes.
    ctypes.memmove(place, _NAME.ljust(room, b"\0"), room)
    return True
