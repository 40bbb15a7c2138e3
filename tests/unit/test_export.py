"""Modes written for OVITO: what is read back is what was written."""

import numpy as np
import pytest
from glassmodes.data.export import ExportError, write_mode
from glassmodes.data.storage import (
    Glass,
    Modes,
    create_file,
    put_modes,
    sample_group,
    write_glasses,
)
from glassmodes.models import get_model

from workflow.scripts import export_mode


def sample(dimension=3, particles=9):
    rng = np.random.default_rng(dimension)
    vector = rng.normal(size=(particles, dimension))
    glass = Glass(
        sample=4,
        positions=rng.uniform(0, 5, (particles, dimension)),
        box=np.full(dimension, 5.0),
        species=rng.integers(0, 2, particles).astype(np.int32),
        diameter=np.linspace(0.8, 1.2, particles),
    )
    return glass, vector / np.linalg.norm(vector)


def blocks_of(path, header, particles):
    lines = path.read_text().splitlines()
    size = header + particles
    assert len(lines) % size == 0
    return [
        np.array([line.split() for line in lines[start + header : start + size]], dtype=float)
        for start in range(0, len(lines), size)
    ]


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize(("name", "header"), [("mode.xyz", 2), ("mode.dump", 9)])
def test_a_mode_reads_back(tmp_path, dimension, name, header):
    glass, vector = sample(dimension)
    (rows,) = blocks_of(write_mode(tmp_path / name, glass, vector), header, 9)
    np.testing.assert_array_equal(rows[:, 0], np.arange(1, 10))
    np.testing.assert_array_equal(rows[:, 1], glass.species + 1)
    np.testing.assert_allclose(rows[:, 2 : 2 + dimension], glass.positions, rtol=1e-9)
    np.testing.assert_allclose(rows[:, 5], 0.5 * glass.diameter)
    np.testing.assert_allclose(rows[:, 6 : 6 + dimension], vector, rtol=1e-9)


def test_a_film_goes_through_one_period(tmp_path):
    glass, vector = sample()
    path = write_mode(tmp_path / "film.xyz", glass, vector, frames=4, amplitude=0.2)
    frames = np.array(blocks_of(path, 2, 9))[:, :, 2:5] - glass.positions
    np.testing.assert_allclose(frames[1], -frames[3], atol=1e-8)
    np.testing.assert_allclose(frames[[0, 2]], 0.0, atol=1e-8)
    assert np.linalg.norm(frames[1], axis=1).max() == pytest.approx(0.2)


def test_what_cannot_be_written_is_refused(tmp_path):
    glass, vector = sample()
    with pytest.raises(ExportError, match="does not fit"):
        write_mode(tmp_path / "a.xyz", glass, vector[:-1])
    with pytest.raises(ExportError, match="only 2 and 3"):
        write_mode(tmp_path / "a.xyz", *sample(4))
    with pytest.raises(ExportError, match="extxyz, dump"):
        write_mode(tmp_path / "a.xyz", glass, vector, kind="pdb")
    assert list(tmp_path.iterdir()) == []


def test_the_program_exports_from_result_files(tmp_path, capsys):
    glass, vector = sample()
    modes = Modes(np.array([4.0]), vector[None], np.zeros(1))
    write_glasses(tmp_path / "glasses.h5", [glass], get_model("ipl12"), {})
    with create_file(tmp_path / "modes.h5", {}) as file:
        put_modes(file.create_group(sample_group(4)), modes)
    files = [str(tmp_path / "glasses.h5"), str(tmp_path / "modes.h5")]
    output = str(tmp_path / "mode.xyz")
    export_mode.main([*files, "--sample", "4", "--output", output])
    assert "frequency 2" in capsys.readouterr().out
    assert "frequency=2" in (tmp_path / "mode.xyz").read_text()
    for wrong in (["--sample", "5"], ["--sample", "4", "--mode", "1"]):
        with pytest.raises(SystemExit):
            export_mode.main([*files, *wrong, "--output", output])
