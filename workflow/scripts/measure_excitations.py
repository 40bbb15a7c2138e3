"""Pull the modes of one bundle until the glass falls to another inherent structure.

The modes of one sample after another are shared out among the ranks; those that an interrupted run
had finished are kept.
"""

import hashlib
import json
import logging
import sys
import time
from functools import partial as partial_function

import numpy as np
import pandas as pd
from glassmodes.campaign import programs

SCAN_KEYS = (
    "smallest_amplitude",
    "largest_amplitude",
    "grid_factor",
    "relative_precision",
    "overlap_distance",
    "other_sign",
)


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__, parallel=True)
    parser.add_argument("--glasses", required=True, help="glasses/bNNNN.h5")
    parser.add_argument("--modes", required=True, help="modes/bNNNN.h5")
    parser.add_argument("--modes-table", required=True, help="part of the table modes")
    parser.add_argument("--boson-peak", help="part of the table boson_peak, if it is the window")
    parser.add_argument("--excitations", required=True, help="part of the table")
    parser.add_argument("--excitation-scans", required=True, help="part of the table")
    parser.add_argument("--excitation-fields", required=True, help="part of the table")
    arguments = parser.parse_args(argv)
    task, world = programs.begin(arguments, "measure_excitations")

    from glassmodes.data.resume import PartialFolder
    from glassmodes.data.storage import mode_samples, read_glasses, read_table
    from glassmodes.landscape import Landscape
    from glassmodes.landscape.quench import Quencher
    from glassmodes.transitions.excitations import ScanSettings

    log = logging.getLogger("program")
    block = task.campaign.block("excitations", task.ensemble.name)
    below = block["below"]
    if below == "boson_peak":
        below = float(read_table(arguments.boson_peak)["frequency"].iloc[0])
    solved = mode_samples(arguments.modes)
    glasses = [glass for glass in read_glasses(arguments.glasses) if glass.sample in solved]
    # all samples are looked at before any work is done
    windows = {g.sample: _window(arguments.modes, g.sample, below, block) for g in glasses}
    settings = ScanSettings(**{key: block[key] for key in SCAN_KEYS})
    physics = {key: value for key, value in block.items() if key not in ("ensembles", "fields")}
    partial = PartialFolder(
        arguments.excitations,
        {
            **physics,
            "below": below,
            "code_version": task.attributes["code_version"],
            "modes": _digest(arguments.modes, glasses),
        },
    )
    if world.rank == 0:
        partial.open()
        for glass in glasses:
            _folder(partial, glass.sample).mkdir(exist_ok=True)
    world.Barrier()
    for glass in glasses:
        new_quencher = partial_function(
            Quencher,
            Landscape.of_glass(task.model, glass),
            force_tolerance=block["force_tolerance"],
            method=block["minimiser"],
        )
        _pull(
            *(new_quencher, glass, windows[glass.sample], settings, block["scans"]),
            *(arguments.modes, _folder(partial, glass.sample), world, log),
        )
    world.Barrier()
    if world.rank == 0:
        observables = read_table(arguments.modes_table)
        tables = {"excitations": [], "excitation_scans": [], "excitation_fields": []}
        for glass in glasses:
            found = _gather(
                Quencher(
                    Landscape.of_glass(task.model, glass), force_tolerance=block["force_tolerance"]
                ),
                glass,
                windows[glass.sample],
                _folder(partial, glass.sample),
                observables[observables["sample"] == glass.sample],
                block["fields"],
            )
            for table, frame in found.items():
                tables[table].append(programs.with_sample(frame, task, glass.sample))
            _report(log, glass.sample, found["excitations"])
        for table, frames in tables.items():
            programs.write_part(getattr(arguments, table), frames, task)
        partial.remove()


def _folder(partial, sample):
    return partial.sample_path(sample).with_suffix("")


def _window(path, sample, below, block):
    """Modes of a sample that are pulled."""
    from glassmodes.data.storage import open_file, sample_group
    from glassmodes.transitions.excitations import ExcitationError, modes_in_window

    with open_file(path, [sample_group(sample)]) as file:
        group = file[sample_group(sample)]
        try:
            return modes_in_window(
                np.sqrt(np.maximum(group["frequency_squared"][...], 0.0)),
                below,
                at_least=block["at_least"],
                above=block["above"],
                complete_below=float(group.attrs["complete_below"]),
            )
        except ExcitationError as error:
            raise ExcitationError(
                f"{path}: sample {sample}: studies.excitations: {error}"
            ) from None


def _digest(path, glasses):
    """What tells these glasses and modes from others, without reading all vectors."""
    from glassmodes.data.storage import open_file, sample_group

    digest = hashlib.sha256()
    with open_file(path) as file:
        for glass in glasses:
            group = file[sample_group(glass.sample)]
            digest.update(glass.positions.tobytes())
            digest.update(group["frequency_squared"][...].tobytes())
            digest.update(group["vectors"][0].tobytes())
    return digest.hexdigest()


def _pull(new_quencher, glass, window, settings, scans, path, folder, world, log):
    """This rank's share of the modes of one sample, each kept in `folder` once it is done."""
    from glassmodes.data.storage import atomic_path, open_file, sample_group
    from glassmodes.parallel import distribute
    from glassmodes.transitions.cubic_amplitudes import saddle_amplitude
    from glassmodes.transitions.excitations import ModeExciter

    followed = set(
        window[np.unique(np.linspace(0, len(window) - 1, scans).round().astype(int))].tolist()
    )
    mine = [
        k
        for k in distribute(window.tolist(), world.rank, world.size)
        if not (folder / f"m{k:07d}.json").is_file()
    ]
    if not mine:
        return
    expansion = new_quencher().landscape.expand(glass.positions)
    # final structures of this rank's modes, and where they are kept
    finals = {}
    told = time.monotonic()
    with open_file(path) as file:
        group = file[sample_group(glass.sample)]
        frequencies = np.sqrt(np.maximum(group["frequency_squared"][...], 0.0))
        for done, k in enumerate(mine):
            vector = group["vectors"][k]
            # no more is known than where earlier modes ended: not all that a scan has met
            exciter = ModeExciter(new_quencher(), glass.positions, settings)
            known = {
                exciter.quencher.remember(positions): name for name, positions in finals.items()
            }
            excitation, signs = exciter.excite(vector, float(frequencies[k]))
            row = {"mode": k, **excitation.row()}
            row["cubic_amplitude"] = float(
                saddle_amplitude(frequencies[k], expansion.cubic_form(vector), len(vector))
            )
            record = {"row": row, "curve": [], "structure": None}
            if k in followed:
                record["curve"] = exciter.curve(vector, signs)
            if excitation.outcome == "transition":
                final = signs[excitation.sign].final
                if final.structure not in known:
                    known[final.structure] = f"m{k:07d}.npy"
                    finals[f"m{k:07d}.npy"] = final.positions
                    with atomic_path(folder / f"m{k:07d}.npy") as temporary:
                        with open(temporary, "wb") as output:
                            np.save(output, final.positions)
                record["structure"] = known[final.structure]
            with atomic_path(folder / f"m{k:07d}.json") as temporary:
                temporary.write_text(json.dumps(record))
            if time.monotonic() - told > 20.0 or done + 1 == len(mine):
                told = time.monotonic()
                log.info(
                    "sample %d: %d of %d modes of this rank; mode %d: %s at A = %.4g, %.1f s",
                    *(glass.sample, done + 1, len(mine), k, excitation.outcome),
                    *(excitation.amplitude, excitation.seconds),
                )


def _gather(quencher, glass, window, folder, observables, fields):
    """The tables of one sample from the parts of its modes."""
    from glassmodes.transitions.rearrangements import displacement

    quencher.remember(glass.positions)
    observables = observables.set_index("mode")
    index_of, rows, curves = {}, [], []
    for k in window.tolist():
        record = json.loads((folder / f"m{k:07d}.json").read_text())
        row, name = record["row"], record["structure"]
        row["final_structure"] = -1
        if name is not None:
            if name not in index_of:
                index_of[name] = quencher.remember(np.load(folder / name))
            row["final_structure"] = index_of[name]
        for key in ("phonon_order", "participation_ratio"):
            row[key] = float(observables.loc[k, key])
        rows.append(row)
        curves += [{"mode": k, "frequency": row["frequency"], **point} for point in record["curve"]]
    table = pd.DataFrame(rows)
    changed = table[table["outcome"] == "transition"]
    shared = changed.groupby("final_structure").agg(first=("mode", "min"), modes=("mode", "size"))
    shared = shared.sort_values(["modes", "first"], ascending=[False, True])
    parts = []
    for structure, first in shared["first"].head(fields).items():
        moved = displacement(glass.positions, quencher.structures[structure], glass.box)
        part = pd.DataFrame({"mode": first, "particle": np.arange(len(moved))})
        part.insert(1, "frequency", table.set_index("mode").loc[first, "frequency"])
        for a, axis in enumerate("xyz"):
            part[axis] = glass.positions[:, a]
        for a, axis in enumerate("xyz"):
            part[f"d{axis}"] = moved[:, a]
        parts.append(part)
    return {
        "excitations": table,
        "excitation_scans": pd.DataFrame(curves),
        "excitation_fields": pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(),
    }


def _report(log, sample, table):
    outcomes = ", ".join(f"{n} {name}" for name, n in table["outcome"].value_counts().items())
    log.info(
        "sample %d: %d modes: %s; %d distinct transitions; %.1f minimisations and %.1f s a mode",
        *(sample, len(table), outcomes),
        table.loc[table["final_structure"] >= 0, "final_structure"].nunique(),
        *(table["minimisations"].mean(), table["seconds"].mean()),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
