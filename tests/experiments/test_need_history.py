"""What was declared when: the need is in the ledger before the first run, and a change shows."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from studies_for_tests import NEED, linear_study

from frugal.campaigns.campaign import Settings, run_campaign, settle_ledger
from frugal.experiments.needs.history import clock_set_back, need_entry, need_history
from frugal.experiments.study import Study
from frugal.experiments.study.need import Tolerance
from frugal.experiments.study.study_file import describe_need

LATER = replace(NEED, tolerances={"y": Tolerance("nrmse", 0.2)}, owner="river service")


def line(stage: str, minute: int, need: Any = None) -> dict[str, Any]:
    entry = {"stage": stage, "started": f"2026-03-14T10:{minute:02d}:00.000000+00:00"}
    if need is not None:
        values = describe_need(need)
        entry.update(hashes={"need": values.pop("hash")}, details=values)
    return entry


def test_the_entry_fixes_need_hash_and_time() -> None:
    entry = need_entry(NEED, "c1", seed=3)
    values = describe_need(NEED)
    assert entry.hashes == {"need": values.pop("hash")}
    assert (entry.stage, entry.campaign, entry.seed, entry.details) == ("need", "c1", 3, values)
    assert entry.started > "2026" and entry.cpu_seconds == 0.0


def test_a_need_declared_before_the_first_run_is_seen_as_such() -> None:
    lines = [line("need", 0, NEED), line("compile", 1), line("generation", 2), line("fit", 3)]
    (found,) = need_history(lines)
    assert found["before_first_run"] is True and found["hash_holds"] and found["changed"] == {}
    assert found["hash"] == describe_need(NEED)["hash"]
    assert found["first_seen"].startswith("2026-03-14T10:00") and found["first_run"].startswith("2026-03-14T10:02")
    assert found["values"]["queries"] == [1e4, 1e6]


def test_a_need_changed_after_the_runs_is_shown_with_what_changed() -> None:
    lines = [line("need", 0, NEED), line("generation", 2), line("need", 5, NEED), line("need", 9, LATER)]
    first, second = need_history(lines)
    assert (first["before_first_run"], second["before_first_run"]) == (True, False)
    assert first["last_seen"].startswith("2026-03-14T10:05")
    assert second["changed"] == {
        "tolerances": [
            {"y": {"metric": "nrmse", "limit": 0.02}},
            {"y": {"metric": "nrmse", "limit": 0.2}},
        ],
        "owner": ["", "river service"],
    }


def test_the_first_of_several_generations_counts() -> None:
    lines = [line("generation", 8), line("need", 9, NEED), line("generation", 12)]
    assert need_history(lines)[0]["before_first_run"] is False


def test_the_order_of_the_lines_counts_and_no_clock() -> None:
    """A need that was written after the runs, with a clock that was set back an hour: its date is the earlier one."""
    late = [line("generation", 20), line("need", 3, NEED)]
    assert need_history(late)[0]["before_first_run"] is False and clock_set_back(late) == 2
    # and one written before them, by a clock that was put right in between
    early = [line("need", 30, NEED), line("generation", 20)]
    assert need_history(early)[0]["before_first_run"] is True and clock_set_back(early) == 2


def test_stages_that_enclose_others_set_no_clock_back() -> None:
    """A line is written when its stage ends: it may have begun long before the lines above it."""
    whole = {**line("rest", 0), "wall_seconds": 1500.0}
    assert (
        clock_set_back([line("need", 1), line("generation", 20), whole, {"stage": "metering", "started": ""}]) is None
    )
    assert clock_set_back([line("generation", 20), {**line("fit", 20), "started": "2026-03-14T10:19:30+00:00"}]) is None
    assert clock_set_back([line("generation", 20), {**line("fit", 20), "started": "2026-03-14T10:18:30+00:00"}]) == 2


def test_for_a_table_of_runs_no_run_was_booked() -> None:
    (found,) = need_history([line("need", 0, NEED), line("fit", 2)])
    assert found["before_first_run"] is None and found["first_run"] is None


def test_a_need_edited_in_the_ledger_no_longer_has_its_hash() -> None:
    edited = line("need", 0, NEED)
    edited["details"]["queries"] = [1.0, 2.0]
    assert need_history([edited, line("generation", 2)])[0]["hash_holds"] is False


def test_a_line_without_a_time_is_not_before_anything() -> None:
    broken = {**line("need", 0, NEED), "started": ""}
    assert need_history([broken, line("generation", 2)])[0]["before_first_run"] is False
    assert need_history([line("generation", 2)]) == []


def ledger(path: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in path.read_text().splitlines()]


def run(study: Study, folder: Path, **options: Any) -> Any:
    return run_campaign(study, Settings(folder=folder, measure_seconds=0.2, carbon=False, **options))


@pytest.mark.usefixtures("cheap_campaigns")
def test_a_campaign_books_its_need_before_its_first_run_and_a_later_one_after_it(tmp_path: Path) -> None:
    first = run(linear_study(), tmp_path)
    path = first.meter.ledger.path
    stages = [entry["stage"] for entry in ledger(path)]
    assert stages.index("need") < stages.index("generation")
    assert stages.index("need") < stages.index("compile")
    settle_ledger(first)
    # what was run twice, to see whether the solver answers alike, is booked as evaluation
    assert {"need", "compile", "evaluation", "generation"} == {entry["stage"] for entry in ledger(path)}
    second = run(linear_study(LATER), tmp_path)
    assert second.meter.ledger.path == path  # the same runs, whatever the need
    before, after = need_history(vars(entry) for entry in second.ledger)
    assert (before["before_first_run"], after["before_first_run"]) == (True, False)
    assert before["hash"] == describe_need(NEED)["hash"] and after["hash"] == describe_need(LATER)["hash"]
    assert before["hash_holds"] and after["hash_holds"]
    assert set(after["changed"]) == {"tolerances", "owner"}


@pytest.mark.usefixtures("cheap_campaigns")
def test_a_campaign_runs_inside_the_domain_of_its_need(tmp_path: Path) -> None:
    result = run(linear_study(replace(NEED, domain={"x0": (0.25, 0.5)})), tmp_path)
    assert result.study.inputs[0].high == 0.5
    assert result.runs.training.inputs[:, 0].max() <= 0.5 and result.runs.held_out.inputs[:, 0].min() >= 0.25
    assert result.candidates[0].domain.high[0] == 0.5


@pytest.mark.usefixtures("cheap_campaigns")
def test_a_bundle_keeps_its_need_when_the_study_has_another(tmp_path: Path) -> None:
    from frugal.campaigns.bundle_writer import write_bundle
    from frugal.campaigns.reevaluation import study_of
    from frugal.candidates.comparison import read_comparison
    from frugal.formats.files.json_files import read_json
    from frugal.surrogates.bundle.bundle import Bundle

    narrow = replace(NEED, domain={"x0": (0.25, 0.5)})
    (tmp_path / "bundle").mkdir()
    write_bundle(run(linear_study(narrow), tmp_path / "campaigns"), tmp_path / "bundle")
    path = tmp_path / "bundle"
    bundle = Bundle(path, read_json(path / "study.json"), read_comparison(path / "candidates.json"))
    found, reason = study_of(bundle, linear_study(LATER))
    assert (found.need, found.inputs[0].high, reason) == (narrow, 0.5, "")
    other = replace(linear_study(), inputs=tuple(replace(v, high=0.4) for v in linear_study().inputs))
    found, reason = study_of(bundle, other)
    assert found.solve is None and "not the one" in reason


def test_a_study_takes_the_parameters_that_its_bundle_was_made_with(tmp_path: Path) -> None:
    from frugal.campaigns.reevaluation import study_of
    from frugal.experiments.study import Parameter
    from frugal.experiments.study.study_file import describe_study

    def solve(x0: float, gravity: float) -> dict[str, Any]:
        return {"y": gravity * x0}

    plain = linear_study()
    study = replace(
        plain,
        inputs=plain.inputs[:1],
        solve=solve,
        alternatives=(),
        parameters=(Parameter("gravity", "m/s^2", 1.0, 20.0, 9.8),),
    )
    bundle = cast(Any, SimpleNamespace(study=describe_study(study.with_parameters({"gravity": 3.7}))))
    assert study.hash() != bundle.study["hash"]
    found, reason = study_of(bundle, study)
    assert (reason, found.parameter_set["gravity"]) == ("", 3.7)
    found, reason = study_of(bundle, replace(study, parameters=(), solve=lambda x0: {"y": x0}))
    assert found.solve is None and "not the one" in reason


@pytest.mark.usefixtures("cheap_campaigns")
def test_an_evaluation_under_another_need_is_not_assessed(tmp_path: Path) -> None:
    from frugal.audit.evidence.evidence import read_evidence
    from frugal.campaigns.bundle_writer import write_bundle
    from frugal.errors import NotAssessedError

    (tmp_path / "bundle").mkdir()
    write_bundle(run(linear_study(), tmp_path / "campaigns"), tmp_path / "bundle")
    read_evidence(tmp_path / "bundle")
    path = tmp_path / "bundle" / "study.json"
    study = json.loads(path.read_text())
    study["need"] = describe_need(LATER)
    path.write_text(json.dumps(study))
    with pytest.raises(NotAssessedError, match="measured for another need"):
        read_evidence(tmp_path / "bundle")
