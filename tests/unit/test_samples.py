"""Samples asked for, used and left out, from statuses or from what older tables show."""

import pandas as pd
import pytest
from glassmodes.data.gather import TableError
from glassmodes.data.samples import samples_used

ENSEMBLES = pd.DataFrame(
    {"ensemble": ["glass", "crystal"], "particles": [4000, 864], "samples": [10, 1]}
)


def statuses(*rows):
    return pd.DataFrame(rows, columns=["ensemble", "sample", "stage", "status"])


def test_statuses_name_the_samples_left_out():
    table = statuses(
        ("glass", 7, "dynamics", "melted"),
        ("glass", 3, "dynamics", "melted"),
        ("glass", 3, "modes", "incomplete"),
    )
    found = samples_used({"ensembles": ENSEMBLES, "sample_statuses": table})
    assert list(found) == ["glass", "crystal"]
    glass, crystal = found.values()
    assert (glass.asked, glass.used, glass.particles) == (10, 8, 4000)
    assert glass.left_out == {3: "melted (dynamics); incomplete (modes)", 7: "melted (dynamics)"}
    assert glass.count == "8 of 10 samples"
    assert glass.reasons == (
        "melted (dynamics); incomplete (modes), sample 3; melted (dynamics), sample 7"
    )
    assert (crystal.used, crystal.count, crystal.reasons) == (1, "1 sample", "")


def test_statuses_count_whatever_the_tables_show():
    tables = {"ensembles": ENSEMBLES, "sample_statuses": statuses()}
    assert [samples.used for samples in samples_used(tables).values()] == [10, 1]


def test_many_samples_are_counted_after_the_first_five():
    table = statuses(*(("glass", sample, "quench", "unstable") for sample in range(9)))
    found = samples_used({"ensembles": ENSEMBLES, "sample_statuses": table})["glass"]
    assert found.reasons == "unstable (quench), samples 0, 1, 2, 3, 4 and 4 more"


def test_unknown_ensembles_are_refused():
    table = statuses(("glas", 0, "modes", "incomplete"))
    with pytest.raises(TableError, match=r"sample_statuses: ensemble 'glas'.*allowed: crystal"):
        samples_used({"ensembles": ENSEMBLES, "sample_statuses": table})


def test_older_tables_show_who_is_missing():
    modes = pd.DataFrame({"ensemble": "glass", "sample": [0, 0, 1, 2, 4, 5, 6, 7, 8]})
    # a run names the first of its samples, whether or not it became a glass
    runs = pd.DataFrame({"ensemble": ["glass", "crystal"], "sample": [9, 0]})
    tables = {"ensembles": ENSEMBLES, "modes": modes, "equilibration": runs}
    glass, crystal = samples_used(tables).values()
    assert glass.left_out == {3: "in no table", 9: "in no table"}
    assert crystal.used == 0


def test_older_tables_with_statuses_name_the_reason():
    table = pd.DataFrame({"ensemble": "glass", "sample": range(10), "status": "ok"})
    table.loc[4, "status"] = "not_equilibrated"
    found = samples_used({"ensembles": ENSEMBLES, "quasilocalized_samples": table})["glass"]
    assert found.left_out == {4: "not_equilibrated (quasilocalized)"}


def test_nothing_is_known_without_ensembles():
    assert samples_used({}) == {}
