"""Needs of the installed studies: files as users write them, read by the users' reader."""

from importlib import resources
from pathlib import Path

import pytest

from frugal.experiments.needs.file import packaged_need, read_need_file
from frugal.experiments.study.study_file import describe_need

#: The hash of each need, as ledgers of earlier campaigns hold it.
HASHES = {
    (
        "frugal.studies.solar.roof_yield",
        "need.toml",
    ): "f9366b491b18a9aef2969994f829707305d75d232527ee5175a7388c65c2fd22",
    (
        "frugal.studies.solar.roof_shading",
        "need.toml",
    ): "2bba1e4f950a15f40f29e791bd28fe176a53484301bacac4c6c4f69d40e342bd",
    (
        "frugal.studies.flood",
        "submersion.need.toml",
    ): "c2d66f9225564ca185d65cbfd1e4a3442d66add5e3816072e35b011cfaf37885",
    (
        "frugal.studies.flood",
        "river_flood.need.toml",
    ): "fcb5aa384407d85bd3c4e6fdb50bd9624ee7425fb3bed79d69d1237101574567",
    (
        "frugal.studies.estuary.litter",
        "waste_drift.need.toml",
    ): "b36436376ec8a633e4c51c227a2ceb91206c85df06e2980fc92a71a6747cff8e",
}


@pytest.mark.parametrize("place", HASHES)
def test_the_need_of_an_installed_study_keeps_its_hash(place: tuple[str, str]) -> None:
    need = packaged_need(*place)
    assert describe_need(need)["hash"] == HASHES[place]
    assert need.file_sha256 == "" and need.declared


@pytest.mark.parametrize(("package", "name"), HASHES)
def test_a_user_who_hands_in_the_same_file_has_the_same_need(package: str, name: str) -> None:
    path = Path(str(resources.files(package) / name))
    values = describe_need(read_need_file(path))
    own = describe_need(packaged_need(package, name))
    assert values.pop("file_sha256") and not own.pop("file_sha256")
    assert {**values, "hash": ""} == {**own, "hash": ""}
