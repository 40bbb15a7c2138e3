# Where the programs of the rules are, for both entries: the Snakefile and workflow/figures.smk.
import os
import shlex
import sys
from pathlib import Path

from glassmodes.campaign.settings import ROOT

# programs of the environment before the machine's own, and this checkout's package; every job
# reads this file again, so that its programs find the same
for name, first in (("PATH", Path(sys.executable).parent), ("PYTHONPATH", ROOT / "analysis")):
    os.environ.update({name: os.pathsep.join(filter(None, [str(first), os.environ.get(name)]))})


def program(name):
    """Command that runs a program of workflow/scripts/, from whatever folder."""
    path = shlex.quote(str(ROOT / "workflow" / "scripts" / f"{name}.py"))
    escaped = path.replace("{", "{{").replace("}", "}}")
    return f"python {escaped}"
