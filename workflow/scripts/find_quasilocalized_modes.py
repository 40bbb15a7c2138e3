"""Find the quasilocalized excitations of one bundle: harmonic, quartic and cubic modes.

Samples are shared out among the ranks; those that an interrupted run had finished are kept. A
sample without modes has a status, a solver that did not converge an outcome in the table.
"""

import hashlib
import json
import logging
import sys

import h5py
import numpy as np
import pandas as pd
from glassmodes.campaign import programs

TABLES = (
    "quasilocalized",
    "quasilocalized_samples",
    "quasilocalized_profiles",
    "quasilocalized_population",
    "quasilocalized_growth",
)


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__, parallel=True)
    parser.add_argument("--glasses", required=True, help="glasses/bNNNN.h5")
    for table in TABLES:
        parser.add_argument(f"--{table.replace('_', '-')}", required=True, help="part of the table")
    parser.add_argument("--output", required=True, help="quasilocalized/bNNNN.h5, the vectors")
    arguments = parser.parse_args(argv)
    task, world = programs.begin(arguments, "find_quasilocalized_modes")

    from glassmodes.data.resume import PartialFolder
    from glassmodes.data.storage import atomic_path, create_file, read_glasses, sample_group
    from glassmodes.parallel import distribute

    log = logging.getLogger("program")
    block = task.campaign.block("quasilocalized", task.ensemble.name)
    glasses = read_glasses(arguments.glasses)
    digest = hashlib.sha256(b"".join(glass.positions.tobytes() for glass in glasses))
    partial = PartialFolder(
        arguments.output,
        {
            **{key: value for key, value in block.items() if key not in ("ensembles", "fields")},
            "seed": task.campaign.seed,
            "glasses": digest.hexdigest(),
            "code_version": task.attributes["code_version"],
        },
    )
    if world.rank == 0:
        partial.open()
    world.Barrier()

    def record_of(glass):
        return partial.folder / f"{sample_group(glass.sample)}.json"

    for glass in distribute(glasses, world.rank, world.size):
        if record_of(glass).is_file():
            log.info("sample %d was finished by an earlier run", glass.sample)
            continue
        tables, vectors = analyse(glass, task, block)
        if block["keep_vectors"]:
            with create_file(partial.sample_path(glass.sample), task.attributes) as file:
                for kind, datasets in vectors.items():
                    for name, values in datasets.items():
                        file[f"{kind}/{name}"] = values
        with atomic_path(record_of(glass)) as temporary:
            temporary.write_text(json.dumps(tables))
        report(log, glass.sample, tables)
    world.Barrier()
    if world.rank == 0:
        records = [json.loads(record_of(glass).read_text()) for glass in glasses]
        for table in TABLES:
            frames = [
                programs.with_sample(pd.DataFrame(record[table]), task, glass.sample)
                for glass, record in zip(glasses, records, strict=True)
                if record[table]
            ]
            programs.write_part(getattr(arguments, table), frames, task)
        with create_file(arguments.output, task.attributes) as file:
            file["sample"] = np.array([glass.sample for glass in glasses])
            file.create_dataset(
                "status",
                data=[record["quasilocalized_samples"][0]["status"] for record in records],
                dtype=h5py.string_dtype("utf-8"),
            )
            for glass, record in zip(glasses, records, strict=True):
                if block["keep_vectors"] and record["quasilocalized"]:
                    with h5py.File(partial.sample_path(glass.sample)) as part:
                        group = file.create_group(sample_group(glass.sample))
                        for kind in part:
                            part.copy(kind, group)
        partial.remove()


def analyse(glass, task, block):
    """All rows of one sample, by table, and the vectors of its modes, by kind."""
    from glassmodes.landscape import Landscape, NeighbourError
    from glassmodes.mechanics import MechanicsError
    from glassmodes.modes import InverseHessian, ModeError
    from glassmodes.quasilocalized import (
        Settings,
        excitation_rows,
        find_excitations,
        profile_rows,
        solver_seed,
    )

    tables = {table: [] for table in TABLES}
    summary = dict.fromkeys(
        ("shear_modulus", "bulk_modulus", "pressure", "second_frequency"), np.nan
    )
    summary |= {
        "energy_per_particle": glass.energy / len(glass.positions),
        "max_force": glass.max_force,
        "seconds": 0.0,
    }

    def without_modes(status):
        tables["quasilocalized_samples"] = [{"status": status, **summary}]
        return tables, {}

    if not glass.is_usable:
        return without_modes(glass.status)
    settings = Settings.of_block(block)
    seed = solver_seed(task.campaign.seed, task.ensemble.name, glass.sample)
    try:
        expansion, kept = (
            Landscape.of_glass(task.model, glass).expand(glass.positions).without_rattlers()
        )
        # one factorisation for all that is asked of the sample
        with InverseHessian.of_expansion(expansion) as inverse:
            found = find_excitations(expansion, settings, inverse=inverse, seed=seed)
            if block["population_harmonic_modes"] or block["population_dipoles"]:
                tables |= population(expansion, inverse, settings, block, seed)
    except (ModeError, MechanicsError, NeighbourError) as error:
        return without_modes(f"modes: {error}")
    tables["quasilocalized"] = excitation_rows(expansion, found)
    if block["profiles"]:
        tables["quasilocalized_profiles"] = profile_rows(found, expansion.positions, glass.box)
    summary |= {
        "shear_modulus": found.moduli.shear,
        "bulk_modulus": found.moduli.bulk,
        "pressure": found.moduli.pressure,
        "second_frequency": found.second_frequency,
        "seconds": found.seconds,
    }
    tables["quasilocalized_samples"] = [{"status": "ok", **summary}]
    vectors = {}
    frequency = {(row["kind"], row["mode"]): row["frequency"] for row in tables["quasilocalized"]}
    for kind in {one.kind for one in found.excitations}:
        of_kind = [one for one in found.excitations if one.kind == kind and one.converged]
        # rattlers do not take part in any mode
        fields = np.zeros((len(of_kind), *glass.positions.shape))
        for field, one in zip(fields, of_kind, strict=True):
            field[kept] = one.vector
        vectors[kind] = {
            "mode": np.array([one.mode for one in of_kind], dtype=int),
            "frequency": np.array([frequency[kind, one.mode] for one in of_kind]),
            "vectors": fields,
        }
    return tables, vectors


def population(expansion, inverse, settings, block, seed):
    """Rows of the tables of the population."""
    from glassmodes.quasilocalized import collect, growth_rows, population_rows, population_starts

    counts = block["population_harmonic_modes"], block["population_dipoles"]
    starts = population_starts(expansion, inverse, *counts, seed=seed)
    found = collect(expansion, inverse, starts, settings)
    return {
        "quasilocalized_population": population_rows(expansion, found),
        "quasilocalized_growth": growth_rows(found),
    }


def report(log, sample, tables):
    """One line on a sample."""
    summary = tables["quasilocalized_samples"][0]
    if summary["status"] != "ok":
        log.warning("sample %d has no modes: %s", sample, summary["status"])
        return
    modes = ", ".join(
        f"{row['kind']} {row['frequency']:.4g}"
        if row["converged"]
        else f"{row['kind']} {row['outcome']}"
        for row in tables["quasilocalized"]
    )
    log.info(
        "sample %d: %s; G = %.4g; %.2f s",
        *(sample, modes, summary["shear_modulus"], summary["seconds"]),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
