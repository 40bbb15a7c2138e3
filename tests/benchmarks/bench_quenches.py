"""Quenches against LAMMPS FIRE: the same minimum frame by frame, and time per frame.

Frames come from Newtonian dynamics in LAMMPS of an annealed 12-IPL glass. Every frame is quenched
by `min_style fire` of LAMMPS, with the campaign's compiled pair style, and by
:class:`glassmodes.landscape.Quencher`, to the same force tolerance; both are timed in processor
time of this process, frame by frame in turn, so that the ratio holds on a shared machine.

    python -m tests.benchmarks quenches                              # a few frames at each size
    python -m tests.benchmarks.bench_quenches --proof --cache FOLDER    # thousands; an hour or two
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from glassmodes.data.storage import atomic_path
from glassmodes.landscape import Landscape, Quencher
from glassmodes.models import get_model
from glassmodes.simulation.session import LammpsSession

from tests.benchmarks.timing import compared, measured, scaling_exponent

TOLERANCE = 1e-10
SAME = 1e-5
"""Largest displacement of a particle between minima that agree."""

SIZES = (500, 4000, 16000)
PROOF = (
    # particles, sample, temperature, frames
    *((1000, sample, temperature, 225) for sample in range(4) for temperature in (0.01, 0.05)),
    *((4000, 0, temperature, 150) for temperature in (0.01, 0.05)),
)
GAP, ANNEALING = 0.5, 200.0
"""Time between frames; time of annealing at T = 5e-2, of which a third is spent again at others."""


def _nvt(system, positions, temperature, duration, seed):
    with LammpsSession(*system, positions) as session:
        session.run_input(
            "nvt.in",
            temperature=temperature,
            start=2 * temperature,
            seed=seed,
            time_step=0.005,
            damping=1.0,
            steps=round(duration / 0.005),
        )
        return session.positions(), session.velocities()


def frames_of(particles, sample, temperature, count, *, annealing=ANNEALING, cache=None):
    """Landscape and frames, shape=(F, N, 3), of an annealed glass at a temperature."""
    model = get_model("ipl12")
    rng = np.random.default_rng([7, sample, particles])
    species, diameter = model.mixture(particles, rng)
    box = model.box(particles)
    system = (model, box, species, diameter)
    landscape = Landscape(*system)
    path = Path(cache or ".") / f"N{particles}_s{sample}_T{temperature:g}.npy"
    if cache and path.exists():
        return landscape, np.load(path)[:count]
    annealed = Path(cache or ".") / f"N{particles}_s{sample}_annealed.npy"
    if cache and annealed.exists():
        positions = np.load(annealed)
    else:
        with LammpsSession(*system, rng.random((particles, 3)) * box) as session:
            session.run_input(
                "melt.in", temperature=1.0, seed=11 + sample, time_step=0.005, steps=4000
            )
            positions = session.positions()
        positions, _ = _nvt(system, positions, 0.05, annealing, 23 + sample)
        if cache:
            Path(cache).mkdir(parents=True, exist_ok=True)
            np.save(annealed, positions)
    positions, velocities = _nvt(system, positions, temperature, annealing / 3, 37 + sample)
    frames = np.empty((count, particles, 3))
    with LammpsSession(*system, positions, velocities) as session:
        session.run_input("nve.in", time_step=0.005, every=20, steps=0)
        for frame in frames:
            session.run(round(GAP / 0.005))
            frame[:] = session.positions()
    if cache:
        np.save(path, frames)
    return landscape, frames


def lammps_quench(landscape, positions, pair_style="compiled"):
    """Minimum by LAMMPS FIRE, steps, and processor time of the `minimize` command alone."""
    with LammpsSession(
        *(landscape.model, landscape.box, landscape.species, landscape.diameter, positions),
        pair_style=pair_style,
    ) as session:
        session.command("timestep 0.005", "thermo 1000000")
        session.command("min_style fire", "min_modify norm max dmax 0.1")
        began = time.process_time()
        session.command(f"minimize 0.0 {TOLERANCE} 100000 1000000")
        seconds = time.process_time() - began
        return session.positions(), int(session.lammps.get_thermo("step")), seconds


def distance(landscape, first, second):
    """Largest displacement of a particle between two minima, translation removed."""
    moved = first - second
    moved -= moved.mean(axis=0)
    moved -= landscape.box * np.rint(moved / landscape.box)
    return float(np.sqrt((moved**2).sum(axis=1).max()))


def compare(landscape, frames, *, warm=True):
    """One record per frame: where and when both came to rest.

    Where they disagree the frame is walked out by our own FIRE as well, which tells a wrong
    recognition from two walks that rounding has parted.
    """
    if warm:
        Quencher(landscape).quench(frames[0])
    quencher = Quencher(landscape, force_tolerance=TOLERANCE)
    for index, positions in enumerate(frames):
        theirs, steps, their_seconds = lammps_quench(landscape, positions)
        began = time.process_time()
        ours = quencher.quench(positions)
        seconds = time.process_time() - began
        apart = distance(landscape, ours.positions, theirs)
        record = {
            "frame": index,
            "road": ours.road,
            "structure": ours.structure,
            "is_new": ours.is_new,
            "converged": ours.converged,
            "evaluations": ours.evaluations,
            "seconds": seconds,
            "lammps_steps": steps,
            "lammps_seconds": their_seconds,
            "apart": apart,
            "agrees": ours.converged and apart < SAME,
        }
        if not record["agrees"]:
            walked = Quencher(landscape, force_tolerance=TOLERANCE, method="fire").quench(positions)
            record["our_fire_from_lammps"] = distance(landscape, walked.positions, theirs)
            record["our_fire_from_fast"] = distance(landscape, walked.positions, ours.positions)
        yield record


def summary_rows(table):
    """Rows of the benchmark table for records of :func:`compare` with particles, temperature."""
    rows = [
        measured(
            f"quenches in the minimum of LAMMPS FIRE, of {len(table)} frames",
            float(table["agrees"].mean()),
            "",
            goal=">= 0.999 of >= 2,000",
        )
    ]
    for (particles, temperature), part in table.groupby(["particles", "temperature"]):
        name = f"N = {particles}, T = {temperature:g}, {len(part)} frames"
        rows.append(
            compared(
                f"quenches per second, {name}",
                1 / part["seconds"].mean(),
                "1/s",
                "LAMMPS FIRE, compiled style",
                1 / part["lammps_seconds"].mean(),
                goal="ratio >= 10 at N = 4,000" if particles == 4000 else "",
            )
        )
        rows.append(
            compared(
                f"  force evaluations per frame, {int(part['is_new'].sum())} new structures",
                part["evaluations"].mean(),
                "",
                "LAMMPS FIRE steps",
                part["lammps_steps"].mean(),
            )
        )
    return rows


def run(sizes=SIZES, frames=12, temperature=0.01):
    """Rows of the table: speed at every size, and the stock pair style at N = 4,000."""
    costs = []
    for particles in sizes:
        landscape, positions = frames_of(particles, 0, temperature, frames)
        table = pd.DataFrame(compare(landscape, positions))
        table["particles"], table["temperature"] = particles, temperature
        yield from summary_rows(table)
        costs.append(table["seconds"].mean())
        if particles == 4000:
            _, _, stock = lammps_quench(landscape, positions[-1], "reference")
            yield compared(
                "quenches per second, N = 4000, against the stock style",
                1 / table["seconds"].iloc[-1],
                "1/s",
                "LAMMPS FIRE, lepton",
                1 / stock,
            )
    yield measured("quench, exponent of N", scaling_exponent(sizes, costs), "")


def main(argv=None) -> int:
    """Quench the frames of the proof, or print the rows of :func:`run`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--proof", action="store_true", help="compare thousands of frames")
    parser.add_argument("--cache", type=Path, default=Path("results/quench_proof"))
    parser.add_argument("--particles", type=int, help="this size of the proof alone")
    chosen = parser.parse_args(argv)
    rows = run()
    if chosen.proof:
        parts = []
        for particles, sample, temperature, count in PROOF:
            if chosen.particles not in (None, particles):
                continue
            landscape, frames = frames_of(particles, sample, temperature, count, cache=chosen.cache)
            part = pd.DataFrame(compare(landscape, frames))
            part.insert(0, "temperature", temperature)
            part.insert(0, "sample", sample)
            part.insert(0, "particles", particles)
            parts.append(part)
            print(part[~part["agrees"]].to_string() if not part["agrees"].all() else "", flush=True)
            table = pd.concat(parts, ignore_index=True)
            with atomic_path(chosen.cache / "quenches.csv") as path:
                table.to_csv(path, index=False)
            for row in summary_rows(table):
                print("  ".join(f"{key}={value}" for key, value in row.items()), flush=True)
        return 0
    for row in rows:
        print("  ".join(f"{key}={value}" for key, value in row.items()), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
