"""`python -m tests.benchmarks [NAME ...]`: speed of the main computations, as ratios.

Every row compares two things measured in one run on this machine, so that its ratio means
something on a shared one. Rows are printed as they come and kept in results/benchmarks.csv.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import subprocess
import sys

# one thread each, whatever is compared: set before the libraries are loaded
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pandas as pd  # noqa: E402
from glassmodes.data.storage import atomic_path  # noqa: E402

import tests.benchmarks  # noqa: E402

RESULTS = "results/benchmarks.csv"
COLUMNS = ("name", "value", "unit", "reference", "reference_value", "ratio", "goal")


def show(row: dict) -> None:
    """One line: what, its value, what it is compared with, the ratio and the goal."""
    against = ""
    if row.get("reference"):
        against = f"  {row['reference']}: {row['reference_value']:.4g}  ratio {row['ratio']:.3g}"
    goal = f"  (goal: {row['goal']})" if row.get("goal") else ""
    print(f"{row['name']:<58} {row['value']:>10.4g} {row['unit']:<14}{against}{goal}", flush=True)


def main(argv=None) -> int:
    names = sorted(
        module.name.removeprefix("bench_")
        for module in pkgutil.iter_modules(tests.benchmarks.__path__)
        if module.name.startswith("bench_")
    )
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmarks", nargs="*", metavar="NAME", help=f"of {', '.join(names)}")
    chosen = parser.parse_args(argv).benchmarks or names
    unknown = sorted(set(chosen) - set(names))
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(names)}")
    if len(chosen) > 1:
        # a process for each: LAMMPS and threaded MKL bring OpenMP runtimes that clash
        kept = []
        for name in chosen:
            subprocess.run([sys.executable, "-m", "tests.benchmarks", name], check=True)
            kept.append(pd.read_csv(RESULTS))
        rows = pd.concat(kept, ignore_index=True)
    else:
        rows = []
        for row in importlib.import_module(f"tests.benchmarks.bench_{chosen[0]}").run():
            show(row)
            rows.append(row)
    with atomic_path(RESULTS) as path:
        pd.DataFrame(rows, columns=COLUMNS).to_csv(path, index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
