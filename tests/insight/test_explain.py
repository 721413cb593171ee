"""An answer explained: indices of a study whose closed form is known, through its graph, in tables, JSON, files and pages."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from campaigns_for_tests import vector_bundle

from frugal.experiments.study import Grid, Output, TimeAxis, Variable
from frugal.insight.dependence import partial_dependence
from frugal.insight.explain import ExplainedOutput, Explanation, explain_answer, explanation_content
from frugal.insight.input_distribution import DependentPair, InputDistribution
from frugal.insight.report import answer, explanation_page, sentences, write_explanation
from frugal.insight.sensitivity import sobol_indices

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vector_bundle(tmp_path_factory)


@pytest.fixture(scope="module")
def found(bundle: Path) -> Explanation:
    return explain_answer(bundle, samples=1024)


def test_indices_are_those_of_the_study(found: Explanation) -> None:
    """total = 10 + a, monthly = 1 + month a + kind: variances of a and kind 1/3 and 2/3, months 0 to 3."""
    total, monthly = found.outputs
    assert found.distribution.names == ("a", "kind") and found.distribution.runs is None
    np.testing.assert_allclose(total.indices.whole.total, [1, 0], atol=0.02)
    np.testing.assert_allclose(monthly.indices.whole.total, [14 / 22, 8 / 22], atol=0.03)
    assert monthly.indices.mean is not None and monthly.indices.elements is not None
    np.testing.assert_allclose(monthly.indices.mean.total, [0.75 / (0.75 + 2 / 3), (2 / 3) / (0.75 + 2 / 3)], atol=0.03)
    np.testing.assert_allclose(monthly.indices.elements.total[0], [0, 1 / 3, 2 / 3, 9 / 11], atol=0.04)
    assert total.missed is not None and total.missed < 1e-3


def test_an_input_is_dropped_where_no_output_hangs_on_it(bundle: Path, found: Explanation) -> None:
    assert found.droppable == ()
    alone = explain_answer(bundle, outputs=["total"], samples=256)
    assert alone.droppable == ("kind",) and "Can be dropped" in " ".join(sentences(alone, "en"))


def test_dependence_follows_the_study(found: Explanation) -> None:
    along_a, along_kind = found.dependence
    np.testing.assert_allclose(along_a.mean["total"], 10 + along_a.values, atol=0.05)
    assert along_kind.values.tolist() == [0, 1, 2] and along_kind.cases["monthly"].shape[1] == 3
    np.testing.assert_allclose(np.diff(along_kind.mean["monthly"]), 1, atol=0.05)


def test_dependence_is_an_average_over_the_others() -> None:
    variables = (Variable("a", "1", 0.0, 1.0), Variable("b", "1", 0.0, 1.0))
    rows = np.array([[0.1, 0.2], [0.3, 0.8]])
    along, _ = partial_dependence(lambda x: {"y": x[:, :1] * x[:, 1:]}, InputDistribution(variables), ["y"], rows)
    np.testing.assert_allclose(along.mean["y"], 0.5 * along.values)
    np.testing.assert_allclose(along.cases["y"], [0.2 * along.values, 0.8 * along.values])


def test_the_folder_holds_pages_pictures_and_numbers(found: Explanation, tmp_path: Path) -> None:
    names = [path.name for path in write_explanation(tmp_path / "out", found, "fr", maps=True)]
    assert names == [
        "explanation.en.html", "explanation.fr.html", "explanation.json", "monthly_dependence.svg", "monthly_indices.nc",
        "monthly_indices.svg", "monthly_shares.svg", "total_dependence.svg", "total_indices.svg",
    ]  # fmt: skip
    content = json.loads((tmp_path / "out" / "explanation.json").read_text())
    assert content["format"] == "frugal-explanation/1" and content["can_be_dropped"] == []
    assert content["outputs"][0]["whole"]["inputs"][0]["total"] == pytest.approx(1, abs=0.02)
    english, french = (explanation_page(found, language).html() for language in ("en", "fr"))
    assert "Which" not in french and "indice total" in french and "total index" in english
    for page in (english, french):
        assert (
            page.count("<svg") == 5 and "<script" not in page and not re.search(r"\{\w+\}", page.split("</style>")[1])
        )


def test_maps_are_written_with_their_place(tmp_path: Path) -> None:
    """depth = a x + b y over three by two cells of which the first never varies."""
    import rasterio

    weights = np.array([[0.0, 1.0, 2.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 3.0, 1.0, 2.0]])
    variables = (Variable("a", "1", 0.0, 1.0), Variable("b", "1", 0.0, 1.0))
    distribution = InputDistribution(variables, pairs=(DependentPair("a", "b", 0.9),))
    grid = Grid("EPSG:2154", (10.0, 0.0, 0.0, 0.0, -10.0, 0.0), (2, 3))
    output = Output("depth", "m", geometry=grid)
    indices, _, _ = sobol_indices(lambda x: {"depth": x @ weights}, distribution, {"depth": 6}, 512)
    title = {"en": "Where?", "fr": "Où ?"}
    explained = [ExplainedOutput(output, indices["depth"], 0.01)]
    found = Explanation("s", title, "c", title, distribution, 512, 0.1, explained, [], 0.01)
    write_explanation(tmp_path / "out", found, "en", maps=True)
    with rasterio.open(tmp_path / "out" / "depth_indices.tif") as file:
        bands = dict(zip(file.descriptions, file.read(masked=True), strict=True))
    np.testing.assert_allclose(bands["first_a"][0, 1:], 1, atol=0.05)
    np.testing.assert_allclose(bands["total_b"][1], [1, 0.5, 0.8], atol=0.05)
    told = " ".join(sentences(found, "en"))
    assert (
        "hang together" in told
        and "(0.9)" in told
        and "10% of the rows lie outside" in told
        and "b (" in answer(found, "en")
    )


def test_a_series_is_told_along_its_time(tmp_path: Path) -> None:
    times = list(range(80))
    output = Output("level", "m", time=TimeAxis(times, "hour"))
    along = np.stack([np.linspace(0, 1, 80), np.linspace(1, 0, 80)])
    distribution = InputDistribution((Variable("a", "1", 0.0, 1.0), Variable("b", "1", 0.0, 1.0)))
    indices, _, _ = sobol_indices(lambda x: {"level": x @ along}, distribution, {"level": 80}, 256)
    title = {"en": "When?", "fr": "Quand ?"}
    found = Explanation(
        "s", title, "c", title, distribution, 256, 0.0, [ExplainedOutput(output, indices["level"], None)], [], 0.01
    )
    names = [path.name for path in write_explanation(tmp_path / "out", found, "en")]
    assert "level_shares.svg" in names
    elements = explanation_content(found)["outputs"][0]["elements"]["inputs"]
    assert elements[0]["first"][0] == pytest.approx(0, abs=0.01) and elements[0]["first"][-1] == pytest.approx(
        1, abs=0.01
    )


def test_the_command_tells_in_both_languages(bundle: Path, run: Run) -> None:
    code, out, _ = run("explain", str(bundle), "--samples", "64", "--output", "total")
    assert code == 0 and "can be dropped" in out and "total hangs most on: a (100%)" in out
    code, out, _ = run("explain", str(bundle), "--samples", "64", "--lang", "fr", "--out", "made")
    assert (code == 0 and "peuvent être omises" in out.replace("Peuvent", "peuvent")) or "aucune ne peut" in out
    assert out.endswith("made/explanation.fr.html\n")
    code, out, _ = run("explain", str(bundle), "--samples", "64", "--json")
    assert json.loads(out)["study"] == "vector"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--output", "totals"), "'totals' is no output; known: total, monthly; did you mean 'total'?"),
        (("--samples", "3"), "--samples 3: at least 16 are needed"),
        (("--drop-below", "2"), "--drop-below 2 must be a share between 0 and 1"),
        (("--maps",), "--maps writes files: it needs --out DIR"),
        (("--out", "."), "holds other things than an explanation"),
        (("--candidate", "mpl"), "candidate 'mpl' is not in"),
    ],
)
def test_what_cannot_be_explained_is_refused(bundle: Path, run: Run, arguments: tuple[str, ...], told: str) -> None:
    Path("kept").touch()
    code, out, err = run("explain", str(bundle), *arguments)
    assert (code, out) == (2, "") and told in err and Path("kept").exists()
