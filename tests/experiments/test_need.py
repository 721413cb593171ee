"""The need: every field is checked in one sentence, survives writing and reading, and counts in the hash."""

import json
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pytest
from studies_for_tests import NEED, linear_study, vector_study

from frugal.errors import UnusableInputError
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.needs.domain import with_need
from frugal.experiments.needs.file import packaged_need
from frugal.experiments.study import Study
from frugal.experiments.study.design import Design, plain_design
from frugal.experiments.study.need import QUESTIONS, CallPattern, Need, Tolerance
from frugal.experiments.study.study_file import describe_need, describe_study, need_hash, read_need

FULL = Need(
    functional_unit={"en": "one head", "fr": "une charge"},
    tolerances={"y": Tolerance("nrmse", 0.02)},
    queries=(1e3, 1e5),
    service_life_years=4.0,
    call_patterns=(
        CallPattern(
            "on a phone",
            target="phone",
            max_memory_bytes=200_000_000,
            must_run_offline=True,
            cached=True,
            max_latency_s=0.5,
            label={"en": "on a phone", "fr": "sur un téléphone"},
        ),
    ),
    reason={"en": "gauges", "fr": "jauges"},
    use={"en": "to open the gates", "fr": "pour ouvrir les vannes"},
    decided_by="the warden opens the gates",
    owner="river service",
    replaces="a table of 1987",
    solver_error={"y": 0.01},
    domain={"x0": (0.2, 0.8)},
    queries_per_journey=3.0,
    queries_per_hour=60.0,
    beneficiaries=12_000.0,
    declared_on="2026-03-14",
    file_sha256="ab" * 32,
)


def need(**changes: Any) -> Need:
    return replace(FULL, **changes)


def pattern(**changes: Any) -> CallPattern:
    return CallPattern("desk", **changes)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: need(functional_unit=" "), "functional_unit is empty"),
        (lambda: need(functional_unit={"de": "x"}), "functional_unit has the language 'de'; allowed: en, fr"),
        (lambda: need(use="words"), "use = 'words'; a text by language"),
        (lambda: need(use={"en": 3}), "use.en = 3; a text is needed"),
        (lambda: need(reason={"eng": "x"}), "reason has the language 'eng'; allowed: en, fr"),
        (lambda: need(owner=3), "owner = 3; a text is needed"),
        (lambda: need(decided_by=None), "decided_by = None; a text is needed"),
        (lambda: need(replaces=["x"]), r"replaces = \['x'\]; a text is needed"),
        (lambda: need(queries=(10.0, 1.0)), r"usage interval \[10.0, 1.0\] must hold two positive numbers, the lower"),
        (lambda: need(queries=(-10.0, 1.0)), r"usage interval \[-10.0, 1.0\] must hold two positive"),
        (lambda: need(queries=(10.0, float("inf"))), r"usage interval \[10.0, inf\] must"),
        (lambda: need(queries=5.0), "usage interval 5.0 must hold two positive"),
        (lambda: need(queries=("a", "b")), "usage interval"),
        (lambda: need(service_life_years=0), "service_life_years = 0; a positive number"),
        (lambda: need(service_life_years=float("nan")), "service_life_years = nan; a positive number"),
        (lambda: need(queries_per_journey=-1), "queries_per_journey = -1; a positive number"),
        (lambda: need(queries_per_hour="many"), "queries_per_hour = 'many'; a positive number"),
        (lambda: need(beneficiaries=float("inf")), "beneficiaries = inf; a positive number"),
        (lambda: need(beneficiaries=True), "beneficiaries = True; a positive number"),
        (lambda: need(solver_error={"z": 0.1}), "solver_error names 'z', which has no tolerance; with one: y"),
        (lambda: need(solver_error={"y": -0.1}), "solver_error of 'y' = -0.1; a positive number"),
        (lambda: need(domain={"x0": (0.8, 0.2)}), r"domain of 'x0' = \[0.8, 0.2\]; two finite numbers, low < high"),
        (lambda: need(domain={"x0": (0.2, float("inf"))}), r"domain of 'x0' = \[0.2, inf\]; two finite"),
        (lambda: need(domain={"x0": ("1 m", "2 m")}), "domain of 'x0' = .*; two finite numbers"),
        (lambda: need(domain={"x0": 3}), "domain of 'x0' = 3; two finite numbers"),
        (lambda: need(declared_on="14 March"), "declared_on = '14 March' is not a date; write year-month-day"),
        (lambda: need(declared_on=20260314), "declared_on = 20260314 is not a date"),
        (lambda: need(declared="yes"), "declared = 'yes'; true or false"),
        (lambda: need(file_sha256="abc"), "file_sha256 = 'abc' is not a SHA-256"),
        (lambda: need(call_patterns=()), "at least one call pattern"),
        (lambda: need(call_patterns=(pattern(), pattern())), "two call patterns named 'desk'"),
        (lambda: Tolerance("nrmse", -0.1), "limit = -0.1; a positive number"),
        (lambda: Tolerance("nrmse", "2 %"), "limit = '2 %'; a positive number"),
        (lambda: CallPattern(""), "call pattern name '' must be a text"),
        (lambda: pattern(rows=1.5), "call pattern 'desk' asks 1.5 rows a call; a whole number"),
        (lambda: pattern(target="phones"), "target 'phones' is unknown; allowed: local, .*did you mean 'phone'"),
        (lambda: pattern(max_memory_bytes=-5), "call pattern 'desk': max_memory_bytes = -5; a positive number"),
        (lambda: pattern(max_latency_s=0), "call pattern 'desk': max_latency_s = 0; a positive number"),
        (lambda: pattern(max_bytes=float("nan")), "call pattern 'desk': max_bytes = nan; a positive number"),
        (lambda: pattern(must_run_offline="no"), "call pattern 'desk': must_run_offline = 'no'; true or false"),
        (lambda: pattern(cached=1), "call pattern 'desk': cached = 1; true or false"),
        (lambda: pattern(label={"it": "x"}), "label has the language 'it'"),
        (lambda: replace(linear_study(), need=need(domain={"y0": (0, 1)})), "unknown input 'y0'; known: x0, x1, x2"),
        (
            lambda: replace(linear_study(), need=need(domain={"x0": (0.5, 1.5)})),
            r"domain of 'x0' is \[0.5, 1.5\] 1, which leaves the bounds of study 'linear', \[0, 1\]",
        ),
        (
            lambda: replace(linear_study(), need=need(tolerances={"Y": Tolerance("rmse", 1.0)}, solver_error={})),
            "unknown output 'Y'; known: y",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_told(make: object, words: str) -> None:
    with pytest.raises(UnusableInputError, match=words) as told:
        make()  # type: ignore[operator]
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("given", [FULL, NEED, Need("u", {})])
def test_a_need_survives_being_written_and_read(given: Need) -> None:
    written = json.loads(json.dumps(describe_need(given)))
    assert read_need(written) == given
    assert describe_need(read_need(written))["hash"] == written["hash"]


OTHERS: dict[str, Any] = {
    "functional_unit": "x",
    "tolerances": {"y": Tolerance("rmse", 0.02)},
    "queries": None,
    "service_life_years": 3.0,
    "call_patterns": NEED.call_patterns,
    "reason": {},
    "declared": False,
    "use": {},
    "decided_by": "",
    "owner": "",
    "replaces": "",
    "solver_error": {},
    "domain": {},
    "queries_per_journey": None,
    "queries_per_hour": None,
    "beneficiaries": None,
    "declared_on": "",
    "file_sha256": "",
}


def test_every_field_counts_in_the_hash() -> None:
    assert set(OTHERS) == {field.name for field in fields(Need)} - {"answers"}
    hashes = {describe_need(replace(FULL, **{name: value}))["hash"] for name, value in OTHERS.items()}
    assert len(hashes | {describe_need(FULL)["hash"]}) == len(OTHERS) + 1
    for name in ("target", "max_memory_bytes", "must_run_offline", "cached"):
        other = replace(FULL.call_patterns[0], **{name: asdict(CallPattern("x"))[name]})
        assert describe_need(need(call_patterns=(other,)))["hash"] != describe_need(FULL)["hash"]


def test_answers_to_a_buyer_s_questions_are_no_part_of_the_hash() -> None:
    answered = replace(FULL, answers={"skills": "a command line", "licences": {"en": "Apache 2.0"}})
    written = json.loads(json.dumps(describe_need(answered)))
    assert written["hash"] == describe_need(FULL)["hash"] == need_hash(written)
    assert "answers" not in describe_need(FULL) and read_need(written) == answered
    with pytest.raises(UnusableInputError, match=r"'answers.skils' is unknown.*did you mean 'skills'"):
        replace(FULL, answers={"skils": "x"})
    with pytest.raises(UnusableInputError, match=r"answers.skills = ' '; a text is needed"):
        replace(FULL, answers={"skills": " "})


@pytest.mark.parametrize(
    ("package", "file", "digest"),
    [
        ("solar.roof_yield", "need.toml", "f9366b491b18a9ae"),
        ("solar.roof_shading", "need.toml", "2bba1e4f950a15f4"),
        ("flood", "submersion.need.toml", "c2d66f9225564ca1"),
        ("flood", "river_flood.need.toml", "fcb5aa384407d85b"),
    ],
)
def test_the_needs_that_ship_are_those_that_bundles_were_made_for(package: str, file: str, digest: str) -> None:
    need = packaged_need(f"frugal.studies.{package}", file)
    assert describe_need(need)["hash"].startswith(digest)
    assert set(need.answers) < set(QUESTIONS) and all(set(told) == {"en", "fr"} for told in need.answers.values())


def test_whole_numbers_and_floats_are_the_same_need() -> None:
    values = describe_need(FULL)
    for name in ("queries_per_hour", "beneficiaries", "service_life_years"):
        values[name] = int(values[name])
    assert describe_need(read_need(values))["hash"] == need_hash(describe_need(FULL))


def test_a_need_of_an_older_bundle_still_reads() -> None:
    old = {
        "functional_unit": "one answer",
        "tolerances": {"y": {"metric": "nrmse", "limit": 0.02}},
        "queries": [10000.0, 1000000.0],
        "service_life_years": 5.0,
        "call_patterns": [
            {"name": "one", "rows": 1, "needs_graph": False, "max_latency_s": None, "max_bytes": None, "label": {}}
        ],
        "reason": {},
        "declared": True,
        "hash": "an older hash",
    }
    read = read_need(old)
    assert read.queries == (1e4, 1e6)
    assert read.call_patterns == (CallPattern("one"),)
    assert (read.domain, read.use, read.beneficiaries) == ({}, {}, None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": 3}, "the need has the unknown key 'colour'"),
        ({"quries": 3}, "did you mean 'queries'"),
        ({"tolerances": 3}, "tolerances = 3; a table"),
        ({"tolerances": {"y": {"metric": "nrmse"}}}, "tolerances.y has no 'limit'"),
        ({"tolerances": {"y": {"metric": "nrmse", "limit": -2}}}, "tolerances.y: limit = -2.0; a positive number"),
        ({"tolerances": {"y": {"metric": "mae", "limit": 2}}}, "tolerances.y: metric 'mae' is unknown"),
        ({"call_patterns": {"name": "x"}}, "call_patterns = .*; a list of tables"),
        ({"call_patterns": [{"rows": 3}]}, "call_patterns has no 'name'"),
        ({"call_patterns": [{"name": "x", "max_latency": 3}]}, "did you mean 'max_latency_s'"),
    ],
)
def test_a_written_need_that_is_wrong_is_told(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        read_need({**describe_need(FULL), **change})


@pytest.mark.parametrize(
    ("options", "required"),
    [
        ({}, False),
        ({"needs_graph": True}, True),
        ({"must_run_offline": True, "target": "phone"}, True),
        ({"must_run_offline": True, "target": "browser"}, True),
        ({"must_run_offline": True, "target": "server"}, False),
        ({"must_run_offline": False, "target": "browser"}, False),
    ],
)
def test_without_network_a_browser_or_a_phone_takes_only_a_graph(options: dict[str, Any], required: bool) -> None:
    assert pattern(**options).requires_graph is required


NARROW = replace(NEED, domain={"x0": (0.25, 0.5)})


def test_a_domain_narrows_the_bounds_and_the_design() -> None:
    study = with_need(linear_study(), NARROW)
    assert [(v.low, v.high) for v in study.inputs] == [(0.25, 0.5), (0.0, 1.0), (0.0, 1.0)]
    assert with_need(study, NARROW) == study
    design = design_for(study, 64, seed=0)
    assert (design.inputs[:, 0].min(), design.inputs[:, 0].max()) == pytest.approx((0.25, 0.5), abs=0.02)
    assert len(design) == 64
    assert study.hash() != linear_study().hash()


def test_a_study_whose_own_need_has_a_domain_is_drawn_inside_it() -> None:
    design = design_for(linear_study(NARROW), 64, seed=0)
    assert design.inputs[:, 0].max() <= 0.5


def own_design(held_out_every: int = 4) -> Study:
    def draw(n: int, seed: int) -> Design:
        return plain_design(np.random.default_rng(seed).random((n, 3)), np.arange(n) % held_out_every == 0)

    return replace(linear_study(), draw=draw)


def test_rows_of_the_studys_own_design_outside_the_domain_are_dropped() -> None:
    study = with_need(own_design(), NARROW)
    whole, kept = own_design().draw(200, 0), design_for(study, 200, 0)  # type: ignore[misc]
    inside = (whole.inputs[:, 0] >= 0.25) & (whole.inputs[:, 0] <= 0.5)
    np.testing.assert_array_equal(kept.inputs, whole.inputs[inside])
    np.testing.assert_array_equal(kept.held_out, whole.held_out[inside])


def test_a_domain_that_leaves_too_few_runs_is_told() -> None:
    words = (
        r"of the 40 runs that study 'linear' draws are inside the domain of the need \(x0 0.25 to 0.5\), .*at least 16"
    )
    with pytest.raises(UnusableInputError, match=words):
        design_for(with_need(own_design(), NARROW), 40, 0)
    with pytest.raises(UnusableInputError, match="1 of them held out; at least 16"):
        design_for(with_need(own_design(400), replace(NEED, domain={"x0": (0.5, 1.0)})), 400, 0)


def test_a_choice_cannot_be_narrowed_and_a_default_outside_is_given_up() -> None:
    study = vector_study()
    with pytest.raises(UnusableInputError, match=r"'kind' is .* a choice among low, mid, high; only quantities"):
        with_need(study, replace(study.need, domain={"kind": (0.0, 1.0)}))
    assert with_need(study, replace(study.need, domain={"kind": (0.0, 2.0)})).inputs == study.inputs
    inputs = (replace(study.inputs[0], default=1.5), study.inputs[1])
    narrowed = with_need(replace(study, inputs=inputs), replace(study.need, domain={"a": (0.0, 1.0)}))
    assert narrowed.inputs[0].default is None
    described = describe_study(narrowed)
    assert described["inputs"][0]["high"] == 1.0 and described["need"]["domain"] == {"a": [0.0, 1.0]}
