"""The audit as data: what it says of each verdict, how it is sealed, what it refuses."""

import json

import pytest

from frugal.audit.build import build_audit
from frugal.audit.evidence.audit_file import read_audit, write_audit
from frugal.audit.report.pages import page_text
from frugal.audit.report.terminal import exit_code, summary_lines
from frugal.errors import NotAssessedError, UnusableInputError

PATTERN = "one roof at a time"
CASES = ("not_demonstrated", "table_wins", "demonstrated", "not_assessed", "no_winner")


def finding(audit, name):
    return next(row for row in audit["criteria"] if row["id"] == name)


@pytest.mark.parametrize(
    ("case", "condition", "code"),
    [
        ("not_demonstrated", "no_ai", 0),
        ("table_wins", "no_ai", 0),
        ("demonstrated", "pass", 0),
        ("not_assessed", "not_assessed", 4),
        ("no_winner", "fail", 1),
    ],
)
def test_condition_1_and_exit_code_follow_the_decision(audited, case, condition, code):
    audit = audited(case)
    assert audit["conditions"]["C1"]["status"] == condition
    assert exit_code(audit) == code
    assert audit["verdict"] == audit["decisions"][0]["verdict"]


def test_the_first_line_says_what_kind_of_error_it_tells(audited):
    line = audited("table_wins")["first_line"]
    assert line["en"] == (
        "AI is not needed here: a table answers, for 0.34\u00a0s of computing per million queries. "
        "Typical error ±1.4% of the solar energy received (RMSE, upper bound; tolerance 2%)."
    )
    assert line["fr"] == (
        "L’IA n’est pas nécessaire ici\u00a0: une table répond, pour 0,34\u00a0s de calcul par million de questions. "
        "Erreur typique\u00a0: ±1,4\u202f% (énergie solaire reçue\u202f; RMSE, borne haute\u202f; tolérance 2\u202f%)."
    )


def with_cases(bundle):
    cases = {"metric": "nrmse", "cases": 225, "values": 1, "nine_in_ten": 0.01582, "worst": 0.0456}
    for candidate in bundle["candidates"]["candidates"]:
        candidate["error"]["annual_energy_per_area"]["cases"] = cases
    bundle["study"]["cases"] = {"en": "roofs", "fr": "toits"}


def test_nine_in_ten_and_the_worst_stand_beside_the_typical_error(audited):
    line = audited("table_wins", with_cases)["first_line"]
    assert line["en"].endswith("tolerance 2%); 9 in 10 roofs within ±1.6%; worst of 225: 4.6%.")
    assert line["fr"].endswith(
        "tolérance 2\u202f%)\u202f; 9 toits sur 10 à ±1,6\u202f% près\u202f; pire sur 225\u00a0: 4,6\u202f%."
    )


def test_an_error_at_few_places_is_no_bound_in_words(audited):
    def few(bundle):
        for candidate in bundle["candidates"]["candidates"]:
            error = candidate["error"]["annual_energy_per_area"]
            if error["value"]:
                error.update(bounded=False, high=None, rows=64, places=2.0, by_place={"A": 0.0121, "B tile 3": 0.014})

    audit = audited("table_wins", few)
    assert (
        "Typical error ±1.4% of the solar energy received (RMSE, at these places only; tolerance 2%)"
        in (audit["first_line"]["en"])
    )
    assert "upper bound" not in audit["first_line"]["en"]
    (told,) = [limit for limit in audit["limits"] if "too few places" in limit["en"]]
    assert told["en"].endswith("at each of the 2: A (1.3%), B, tile 3 (1.4%).")
    assert "B, tuile 3 (1,4\u202f%)" in told["fr"]


def test_a_rejected_ai_keeps_its_verdict_beside_no_ai_used(audited):
    text = audited("table_wins")["conditions"]["C1"]["text"]
    assert text["en"].startswith("No AI used. Need for the one rejected, “neural network”: not demonstrated.")


def test_an_ai_that_ships_says_when_it_is_paid_back(audited):
    audit = audited("demonstrated")
    assert "paid back after 63,000 queries" in audit["first_line"]["en"]
    assert finding(audit, "NEC-05")["status"] == "pass"
    assert finding(audit, "NEC-06")["status"] == "pass"
    assert finding(audit, "NEC-07")["status"] == "pass"


def test_where_nothing_meets_the_need_the_nearest_its_shortfall_and_the_full_physics_are_told(audited):
    audit = audited("no_winner")
    assert audit["first_line"]["en"] == (
        "No answer that was tried meets the need: the nearest, “12 typical days”, has a typical error of ±0.45% where 0.1% is "
        "tolerated, 4.5 times the limit; only the full physics is accurate enough, and it takes up to 0.9\u00a0s per call "
        "where 0.1\u00a0s is allowed, 9 times the limit."
    )
    assert audit["first_line"]["fr"] == (
        "Aucune réponse essayée ne répond au besoin\u00a0: la plus proche, «\u00a012 jours types\u00a0», a une erreur "
        "typique de ±0,45\u202f% pour une tolérance de 0,1\u202f%, 4,5 fois la limite\u202f; "
        "seul le calcul physique complet est assez "
        "juste, mais il prend jusqu’à 0,9\u00a0s par appel pour 0,1\u00a0s permis, 9 fois la limite."
    )
    assert audit["verdict"] == "not_assessed"  # the code of the decision, which says that there is nothing to compare
    assert audit["conditions"]["C1"]["text"]["en"].startswith("No answer is retained, with AI or without")
    assert (finding(audit, "NEC-04")["status"], finding(audit, "NEC-05")["status"]) == ("fail", "n_a")
    for language, words in (
        ("en", "No answer that was tried meets the need"),
        ("fr", "Aucune réponse essayée ne répond au besoin"),
    ):
        page = page_text(audit, language)
        assert words in page and "could not be assessed" not in page and "n’a pas pu dire" not in page


def unmet(bundle, name, broken, **changes):
    """Candidate ``name`` is accurate and breaks the limits ``broken``."""
    row = next(row for row in bundle["candidates"]["candidates"] if row["name"] == name)
    row["error"]["annual_energy_per_area"]["high"] = 0.0009
    row["error_met"] = True
    row["limits"][PATTERN] = {"met": False, "broken": broken, "reasons": []}
    row.update(changes)
    bundle["study"]["need"]["call_patterns"][0].update(max_bytes=2000, max_memory_bytes=10_000_000)


def test_an_accurate_answer_outside_a_limit_by_little_is_the_nearest(audited):
    audit = audited("no_winner", lambda bundle: unmet(bundle, "coarse", ["bytes"]))
    line = audit["first_line"]
    assert (
        "the nearest, “12 typical days”, has a file of 2.4\u00a0kB where 2\u00a0kB is allowed, 20% over the limit"
        in line["en"]
    )
    assert "; accurate enough, but outside another limit: “full physics” (takes up to 0.9\u00a0s" in line["en"]
    assert "only the full physics" not in line["en"] and "20\u202f% au-delà de la limite" in line["fr"]


@pytest.mark.parametrize(
    ("broken", "memory", "words"),
    [
        (
            ["memory"],
            {PATTERN: 30_000_000},
            "takes 30\u00a0MB of memory where 10\u00a0MB is allowed, 3 times the limit",
        ),
        (["memory"], {}, "takes memory that could not be measured"),
        (["graph"], {}, "has no ONNX file, which the need asks for"),
    ],
)
def test_other_limits_are_told_in_words(audited, broken, memory, words):
    audit = audited("no_winner", lambda bundle: unmet(bundle, "mlp", broken, memory_bytes=memory))
    near = "the nearest, “neural network”, " if memory else "“neural network” ("
    assert near + words in audit["first_line"]["en"]


def test_without_the_physics_only_the_nearest_is_told(audited):
    def drop(bundle):
        bundle["candidates"]["candidates"].pop()

    line = audited("no_winner", drop)["first_line"]["en"]
    assert line.endswith("where 0.1% is tolerated, 4.5 times the limit.")


def test_all_that_the_nearest_fails_on_is_told_the_farthest_first(audited):
    def slow_and_wrong(bundle):
        row = next(row for row in bundle["candidates"]["candidates"] if row["name"] == "coarse")
        row["limits"][PATTERN] = {"met": False, "broken": ["latency"], "reasons": []}
        row["query"][PATTERN]["wall_p95_seconds_per_call"] = 0.15

    line = audited("no_winner", slow_and_wrong)["first_line"]
    assert (
        "4.5 times the limit, and takes up to 0.15\u00a0s per call where 0.1\u00a0s is allowed, 50% over" in line["en"]
    )
    assert "4,5 fois la limite, et prend jusqu’à 0,15\u00a0s par appel" in line["fr"]


def test_with_several_tolerances_the_output_that_fails_is_named(audited):
    def second(bundle):
        bundle["study"]["outputs"].append(
            {"name": "peak", "unit": "kW", "dims": [], "label": {"en": "Peak", "fr": "Pointe"}}
        )
        bundle["study"]["need"]["tolerances"]["peak"] = {"metric": "rmse", "limit": 2.0}
        for row in bundle["candidates"]["candidates"]:
            annual = row["error"]["annual_energy_per_area"]
            row["error"]["peak"] = {
                **annual,
                "metric": "rmse",
                "high": 0.0 if annual["high"] == 0 else 2.3,
                "tolerance": 2.0,
            }
            annual["high"], row["error_met"] = 0.0, annual["high"] == 0

    line = audited("no_winner", second)["first_line"]
    assert "has a typical error of ±2.3\u00a0kW (peak) where 2\u00a0kW is tolerated, 15% over the limit" in line["en"]
    assert "a une erreur typique de ±2,3\u00a0kW (pointe) pour une tolérance de 2\u00a0kW" in line["fr"]


@pytest.mark.parametrize(
    ("metric", "limit", "bound", "told"),
    [
        ("nse", 0.98, "0.09 (1 − NSE)", "0.02 (1 − NSE)"),
        ("timing_error", 0.02, "±0.09\u00a0hour", "0.02\u00a0hour"),
        ("nrmse_range", 0.02, "±9%", "2%"),
    ],
)
def test_every_metric_is_told_as_it_is_measured(audited, metric, limit, bound, told):
    def judged_in(bundle):
        bundle["study"]["outputs"][0]["time"] = {"values": [0.0, 1.0], "unit": "hour", "origin": ""}
        need = bundle["study"]["need"]
        need["tolerances"]["annual_energy_per_area"] = {"metric": metric, "limit": limit}
        need["solver_error"] = {"annual_energy_per_area": 0.015}
        for row in bundle["candidates"]["candidates"]:
            error = row["error"]["annual_energy_per_area"]
            error.update(metric=metric, high=error["high"] and 0.09, tolerance=0.02)

    audit = audited("no_winner", judged_in)
    assert f"has a typical error of {bound} where {told} is tolerated" in audit["first_line"]["en"]
    assert finding(audit, "NEC-02")["status"] == "pass"


def test_without_evidence_files_conditions_2_and_3_are_never_passed(audited):
    for case in CASES:
        conditions = audited(case)["conditions"]
        assert conditions["C2"]["status"] in ("warn", "fail") and conditions["C2"]["counts"]["unevidenced"] > 0
        assert conditions["C3"]["status"] in ("warn", "fail")


def test_an_ai_shipped_against_the_verdict_fails(audited):
    audit = audited("demonstrated", lambda b: b["candidates"]["decisions"][0].update(verdict="not_demonstrated"))
    assert finding(audit, "NEC-04")["status"] == "fail"
    assert audit["conditions"]["C1"]["status"] == "fail"
    assert exit_code(audit) == 1


def test_a_failing_measurement_leaves_condition_1_unassessed(audited):
    def forget_the_watts(bundle):
        bundle["candidates"]["machine"]["watts_per_core"] = None

    audit = audited("demonstrated", forget_the_watts)
    assert finding(audit, "MES-01")["status"] == "fail"
    assert audit["conditions"]["C1"]["status"] == "not_assessed"
    assert "MES-01" in audit["conditions"]["C1"]["text"]["en"]
    assert exit_code(audit) == 4


def test_the_verdict_does_not_depend_on_watts(audited):
    def ten_times(bundle):
        machine = bundle["candidates"]["machine"]
        machine.update(watts_per_core=30.0, watts_low=15.0, watts_high=60.0)
        for line in bundle["ledger"]:
            if line["codecarbon_joules"] is not None:
                line["codecarbon_joules"] *= 10

    plain, hot = audited("demonstrated"), audited("demonstrated", ten_times)
    assert hot["verdict"] == plain["verdict"] and hot["decisions"] == plain["decisions"]
    assert hot["conditions"]["C1"] == plain["conditions"]["C1"]
    before, after = (audit["footprint"]["rows"][0]["impacts"]["energy"]["p50"] for audit in (plain, hot))
    assert after == pytest.approx(10 * before, rel=0.05)  # the memory's share stays as it is


def test_costs_add_up_to_the_ledger_failures_included(audited, bundles):
    audit = audited("table_wins")
    expected = sum(line["cpu_seconds"] for line in bundles.ledger())
    assert sum(cost["cpu_seconds"] for cost in audit["costs"]) == pytest.approx(expected)
    fit = next(cost for cost in audit["costs"] if cost["stage"] == "fit")
    assert fit["failed"] == 1 and fit["failed_cpu_seconds"] == pytest.approx(3.0)


def test_names_in_reasons_become_labels(audited):
    def name_them(bundle):
        decision = bundle["candidates"]["decisions"][0]
        decision["reasons"] = [{"code": "alternative_cheaper", "en": "coarse costs less than trees", "fr": "x"}]

    text = audited("not_demonstrated", name_them)["conditions"]["C1"]["text"]["en"]
    assert "“12 typical days” costs less than “boosted trees”." in text


def test_a_model_file_that_is_not_the_winner_is_a_limit(audited):
    def other_graph(bundle):
        bundle["candidates"]["model"] = {"candidate": "table", "reason": {"en": "no graph", "fr": "pas de graphe"}}

    limits = [limit["en"] for limit in audited("not_demonstrated", other_graph)["limits"]]
    assert "The file model.onnx does not hold the answer retained but “table of sky views”: no graph." in limits


@pytest.mark.parametrize("case", CASES)
def test_audit_survives_writing_and_reading(audited, tmp_path, case):
    audit = audited(case)
    path = write_audit(audit, tmp_path)
    assert read_audit(path) == audit == read_audit(tmp_path)


def test_a_changed_audit_is_refused(audited, tmp_path):
    path = write_audit(audited("table_wins"), tmp_path)
    content = json.loads(path.read_text())
    content["verdict"] = "demonstrated"
    path.write_text(json.dumps(content))
    with pytest.raises(NotAssessedError, match="was changed after it was written"):
        read_audit(path)


def test_an_audit_outside_the_schema_is_neither_written_nor_read(audited, tmp_path):
    audit = audited("table_wins")
    with pytest.raises(UnusableInputError, match="verdict"):
        write_audit({**audit, "verdict": "excellent"}, tmp_path)
    assert not (tmp_path / "audit.json").exists()
    with pytest.raises(UnusableInputError, match="score"):
        write_audit({**audit, "score": 12}, tmp_path)
    (tmp_path / "audit.json").write_text("{}")
    with pytest.raises(UnusableInputError, match="does not follow the schema"):
        read_audit(tmp_path)
    (tmp_path / "audit.json").write_text("not json")
    with pytest.raises(UnusableInputError, match="not readable as JSON"):
        read_audit(tmp_path)


def test_evidence_of_another_need_is_not_assessed(audited):
    with pytest.raises(NotAssessedError, match="another need"):
        audited("table_wins", lambda b: b["candidates"].update(need_hash="00" * 32))
    with pytest.raises(NotAssessedError, match="another study"):
        audited("table_wins", lambda b: b["candidates"].update(study_hash="00" * 32))


def test_unusable_bundles_are_named(tmp_path, bundles):
    with pytest.raises(UnusableInputError, match="no such folder"):
        build_audit(tmp_path / "nowhere")
    folder = bundles.write(bundles.table_wins(), tmp_path / "b")
    (folder / "candidates.json").unlink()
    with pytest.raises(UnusableInputError, match=r"candidates\.json"):
        build_audit(folder)
    (folder / "candidates.json").write_text("[]")
    with pytest.raises(UnusableInputError, match="one JSON object"):
        build_audit(folder)


def test_a_later_evaluation_takes_the_place_of_the_first(tmp_path, bundles):
    folder = bundles.write(bundles.table_wins(), tmp_path / "b")
    later = bundles.table_wins()["candidates"]
    later["level"] = "full"
    path = tmp_path / "later.json"
    path.write_text(json.dumps(later))
    audit = build_audit(folder, evaluation=path)
    assert audit["level"] == "full" and audit["inputs"][1]["file"] == "later.json"
    assert finding(audit, "MES-05")["status"] == "fail"  # three blocks are not thirty


def test_a_ledger_that_grows_keeps_its_hash_and_a_torn_line_is_left_out(tmp_path, bundles):
    folder = bundles.write(bundles.table_wins(), tmp_path / "b")
    before = build_audit(folder)["inputs"][-1]
    with (folder / "ledger.jsonl").open("a") as stream:
        stream.write('{"stage": "fit", "cpu_sec')
    assert build_audit(folder)["inputs"][-1] == before
    lines = (folder / "ledger.jsonl").read_text().splitlines()
    (folder / "ledger.jsonl").write_text("\n".join([lines[-1], *lines[:-1]]) + "\n")
    with pytest.raises(UnusableInputError, match="line 1"):
        build_audit(folder)


def test_numbers_that_are_not_finite_become_null(audited, tmp_path):
    audit = audited(
        "table_wins",
        lambda b: b["candidates"]["decisions"][0]["break_even_queries"].update(high=float("inf")),
    )
    assert audit["decisions"][0]["break_even_queries"]["high"] is None
    write_audit(audit, tmp_path)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("case", CASES)
def test_summary_starts_with_the_answer_and_ends_with_the_limits(audited, case, language):
    audit = audited(case)
    lines = summary_lines(audit, language)
    assert lines[0] == audit["first_line"][language]
    assert all(limit[language] in lines[-1] for limit in audit["limits"])
    assert len(lines) >= 5
