"""Malformed input of every kind: one clear line for each fault, no traceback, nothing created.

Campaigns are damaged key by key as the schema describes them, so a new key is tested as it comes.
"""

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from glassmodes.campaign.preparation import PROTOCOLS
from glassmodes.campaign.settings import DEFAULT_CAMPAIGN, CampaignError, load_campaign, schema
from glassmodes.data.manifest import check_manifest, write_manifest
from glassmodes.data.storage import StorageError, open_file, read_table, write_table
from glassmodes.models import ModelError, load_models
from glassmodes.models.registry import DEFAULT_MODELS

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
DEMO = yaml.safe_load(DEFAULT_CAMPAIGN.read_text())
STRANGE = {
    "string": 7,
    "integer": "many",
    "number": "much",
    "boolean": "maybe",
    "array": "none",
    "object": [1],
}
"""A value of a wrong type for each type of the schema."""


def resolved(rules):
    while "$ref" in rules:
        rules = schema()["$defs"][rules["$ref"].rpartition("/")[2]]
    return rules


def wrong_values(rules):
    """Values that the rules of one key must refuse."""
    rules = resolved(rules)
    for alternative in rules.get("oneOf", []):
        # a type that one alternative refuses may be that of another
        yield from wrong_values({key: rule for key, rule in alternative.items() if key != "type"})
    kinds = rules.get("type", [])
    for kind in [kinds] if isinstance(kinds, str) else kinds[:1]:
        yield STRANGE[kind]
    if "minimum" in rules:
        yield rules["minimum"] - 1
    if "exclusiveMinimum" in rules:
        yield rules["exclusiveMinimum"]
    if "maximum" in rules:
        yield rules["maximum"] + 1
    if "enum" in rules or "const" in rules:
        yield "neither"


def damaged_campaigns():
    """(name, campaign, key that the message must name)."""
    for key, rules in schema()["properties"].items():
        if key not in ("ensembles", "studies"):
            for value in wrong_values(rules):
                yield f"{key}={value}", {**DEMO, key: value}, key
    for key, rules in schema()["$defs"]["ensemble"]["properties"].items():
        for value in wrong_values(rules):
            content = copy.deepcopy(DEMO)
            content["ensembles"]["glass"][key] = value
            yield f"glass.{key}={value}", content, f"ensembles.glass.{key}"
    for protocol in PROTOCOLS:
        for key, rules in schema()["$defs"][protocol]["properties"].items():
            for value in wrong_values(rules):
                content = copy.deepcopy(DEMO)
                preparation = content["ensembles"]["glass"]["preparation"]
                preparation |= {"protocol": protocol, key: value}
                place = f"ensembles.glass.preparation.{key}"
                yield f"preparation.{protocol}.{key}={value}", content, place
    for study in schema()["properties"]["studies"]["properties"]:
        rules = schema()["$defs"][study]
        blocks = DEMO["studies"].get(study, {"ensembles": ["glass"]})
        block = blocks[0] if isinstance(blocks, list) else blocks
        for key, entry in [*rules["properties"].items(), ("no_such_key", {"type": "array"})]:
            for value in wrong_values(entry):
                content = copy.deepcopy(DEMO)
                content["studies"][study] = {**copy.deepcopy(block), key: value}
                yield f"{study}.{key}={value}", content, f"studies.{study}"


CASES = {name: case for name, *case in damaged_campaigns()}


def test_there_are_enough_of_them():
    assert len(CASES) >= 100


@pytest.mark.parametrize("name", CASES)
def test_damaged_campaign_is_refused_by_key(name, tmp_path, monkeypatch):
    content, key = CASES[name]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CampaignError) as error:
        load_campaign(content, file="some.yaml")
    lines = str(error.value).splitlines()
    assert all(line.startswith("some.yaml: ") for line in lines)
    assert any(line.startswith(f"some.yaml: {key}") for line in lines), lines
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"campaign": "demo; rm -rf x"},
        {"campaign": "../outside"},
        {"campaign": "$(touch x)"},
        {"results": "here; touch x"},
        {"results": "`touch x`"},
        {"results": "with space"},
        {"ensembles": {"a b": DEMO["ensembles"]["glass"]}},
        {"ensembles": {"../glass": DEMO["ensembles"]["glass"]}},
        {"ensembles": {}},
        {"studies": {}},
        {"studies": {"alchemy": {"ensembles": ["glass"]}}},
    ],
)
def test_names_that_would_reach_a_shell_or_another_folder_are_refused(changes):
    with pytest.raises(CampaignError, match="^some.yaml: "):
        load_campaign({**DEMO, **changes}, file="some.yaml")


@pytest.mark.parametrize(
    "text",
    ["", "- 1", "campaign: [", "campaign: demo", "{}", "\x00", "!!python/object:os.system {}"],
)
def test_text_that_is_no_campaign_is_refused(text, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(CampaignError, match=f"^{path}: "):
        load_campaign(path)


@pytest.mark.parametrize(
    "key, value",
    [
        ("dimension", 0),
        ("density", -1.0),
        ("time_step", 0.0),
        ("potential", {"family": "magic", "cutoff": 2.5}),
        ("mixture", {}),
        ("colour", "red"),
    ],
)
def test_damaged_model_is_refused(key, value, tmp_path):
    entries = yaml.safe_load(DEFAULT_MODELS.read_text())
    entries["ipl12"][key] = value
    path = tmp_path / "models.yaml"
    path.write_text(yaml.safe_dump(entries))
    with pytest.raises(ModelError, match="ipl12"):
        load_models(path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"files": 3}', '{"files": {"a": "0"}}'])
def test_damaged_manifest_is_refused(content, tmp_path):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(StorageError, match=str(tmp_path)):
        check_manifest(tmp_path)


def test_manifest_that_names_files_elsewhere_is_refused(tmp_path):
    for name in ("/etc/passwd", "../secret"):
        (tmp_path / "manifest.json").write_text(json.dumps({"files": {name: "0"}}))
        with pytest.raises(StorageError, match="outside its folder"):
            check_manifest(tmp_path)


def test_every_byte_of_a_table_is_checked(tmp_path):
    path = tmp_path / "modes.parquet"
    frame = pd.DataFrame({"frequency": np.random.default_rng(1).random(500)})
    write_table(path, frame)
    write_manifest(tmp_path, ["modes.parquet"], {})
    whole = path.read_bytes()
    pages = pq.ParquetFile(path).metadata.row_group(0).column(0).total_compressed_size
    for place in range(0, len(whole), 97):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(StorageError, match="modes.parquet: altered"):
            check_manifest(tmp_path)
        if place < pages:
            # without a manifest, the checksums of pages protect the numbers
            try:
                pd.testing.assert_frame_equal(read_table(path), frame, check_exact=True)
            except StorageError as error:
                assert str(error).startswith(f"{path}: ")


@pytest.mark.parametrize("content", [b"", b"HDF", b"\x89HDF\r\n\x1a\n" + bytes(500)])
def test_damaged_arrays_are_refused(content, tmp_path):
    path = tmp_path / "b0000.h5"
    path.write_bytes(content)
    with pytest.raises(StorageError, match="b0000.h5: not a readable HDF5 file.*remove it"):
        open_file(path)


@pytest.mark.slow
def test_refusals_reach_the_user_without_a_traceback(tmp_path):
    content, key = CASES["glass.samples=0"]
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump(content))
    before = sorted(tmp_path.rglob("*"))
    found = subprocess.run(
        [SNAKEMAKE, "--cores", "1", "--configfile", tmp_path / "bad.yaml"]
        + ["--config", f"results={tmp_path / 'results'}"],
        cwd=DEFAULT_CAMPAIGN.parents[1],
        capture_output=True,
        text=True,
    )
    assert found.returncode != 0
    assert f"bad.yaml: {key}: 0 is out of bounds" in found.stderr
    assert "Traceback" not in found.stderr
    assert sorted(tmp_path.rglob("*")) == before
