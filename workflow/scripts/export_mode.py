"""Write one mode of one sample for OVITO: extended XYZ, or a LAMMPS dump by the file's ending.

Example: python workflow/scripts/export_mode.py results/demo/glass/glasses/b0000.h5
results/demo/glass/modes/b0000.h5 --sample 0 --mode 3 --output mode.xyz

With --kind the second file is one of quasilocalized excitations, quasilocalized/bNNNN.h5 of a
campaign that keeps their vectors.
"""

import argparse
import sys


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("glasses", help="glasses/bNNNN.h5")
    parser.add_argument("modes", help="modes/bNNNN.h5 of the same bundle")
    parser.add_argument("--sample", type=int, required=True)
    parser.add_argument("--mode", type=int, default=0, help="0-based, translations left out")
    parser.add_argument(
        "--kind", help="quartic, cubic, ... of a file of quasilocalized excitations"
    )
    parser.add_argument("--output", required=True, help=".xyz, or .dump for a LAMMPS dump")
    parser.add_argument("--frames", type=int, default=1, help="more than 1: a film of one period")
    parser.add_argument("--amplitude", type=float, default=0.3, help="largest motion in the film")
    arguments = parser.parse_args(argv)

    from glassmodes.data.export import ExportError, write_mode
    from glassmodes.data.storage import (
        StorageError,
        mode_samples,
        read_excitations,
        read_glasses,
        read_modes,
    )

    try:
        glasses = {glass.sample: glass for glass in read_glasses(arguments.glasses)}
        if arguments.sample not in glasses or arguments.sample not in mode_samples(arguments.modes):
            parser.error(f"sample {arguments.sample} is not in both files")
        if arguments.kind is None:
            modes = read_modes(arguments.modes, arguments.sample)
            frequencies, vectors = modes.frequency, modes.vectors
        else:
            frequencies, vectors = read_excitations(
                arguments.modes, arguments.sample, arguments.kind
            )
        if not 0 <= arguments.mode < len(frequencies):
            parser.error(f"mode {arguments.mode}: the file has modes 0 to {len(frequencies) - 1}")
        frequency = float(frequencies[arguments.mode])
        path = write_mode(
            arguments.output,
            glasses[arguments.sample],
            vectors[arguments.mode],
            frequency=frequency,
            frames=arguments.frames,
            amplitude=arguments.amplitude,
        )
    except (ExportError, StorageError) as error:
        sys.exit(f"export_mode: {error}")
    print(f"{path}: mode {arguments.mode} of sample {arguments.sample}, frequency {frequency:.6g}")


if __name__ == "__main__":
    main(sys.argv[1:])
