import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from pathlib import Path
from takeout.chart.called import call_it_helm
print(call_it_helm(), Path("/proc/self/cmdline").read_bytes().split(bytes(1))[0].decode())
"""


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc to look into")
def test_the_program_goes_by_the_name_of_helm() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "helm"]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc to look into")
def test_a_name_that_has_no_room_is_left_alone() -> None:
    command = ["py", "-c", PROGRAM]
    done = subprocess.run(command, executable=sys.executable, check=False, capture_output=True, text=True)
    # Under so short a name the interpreter may not find its packages; what counts is that nothing was overwritten.
    assert done.stdout.split() in ([], ["False", "py"])
