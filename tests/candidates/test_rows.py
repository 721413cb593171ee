"""Rows of candidates.json: read and written without loss, refused in one sentence where they are damaged."""

import ast
import copy
import json
import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from frugal.candidates.comparison import Comparison, Ladder, read_comparison
from frugal.candidates.json_object import JsonObject
from frugal.candidates.output_error import LARGEST_ERROR, OutputError, largest_ratio, worst_output
from frugal.candidates.row import CandidateRow
from frugal.errors import UnusableInputError
from frugal.formats.files.json_files import finite, to_json
from frugal.surrogates.decision.costs import DecisionRow

ROOT = Path(__file__).resolve().parents[2]
PATTERN = "one permit at a desk"


@pytest.fixture(scope="module")
def text() -> str:
    """`candidates.json` of a bundle that an earlier version made."""
    with zipfile.ZipFile(ROOT / "tests" / "data" / "oxygen_sag_f488fd7.zip") as packed:
        return packed.read("oxygen_sag/candidates.json").decode()


@pytest.fixture
def content(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


def row_of(content: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in content["candidates"] if row["name"] == name)


def test_an_old_file_is_read_and_written_again_byte_by_byte(text: str, tmp_path: Path) -> None:
    (tmp_path / "candidates.json").write_text(text, encoding="utf-8")
    comparison = read_comparison(tmp_path / "candidates.json")
    assert to_json(comparison.to_json()) == text
    assert Comparison.read(json.loads(to_json(comparison.to_json())), "again") == comparison
    assert comparison.ladder.winner is not None and comparison.ladder.winner.name == "closed_form"


def test_what_evaluations_add_is_kept(content: dict[str, Any]) -> None:
    again = {"measured_again": False, "measured_again_reason": "the physics is not at hand"}
    row_of(content, "table").update(again, lacks={"en": "a survey", "fr": "un relevé"})
    row_of(content, "table")["error"]["lowest_oxygen_mg_l"]["summary"] = {"csi": 0.5}
    content["practices"] = {"complete": True, "candidates": {}}
    assert finite(Comparison.read(content, "candidates.json").to_json()) == content


def test_null_stands_for_what_is_infinite(content: dict[str, Any]) -> None:
    decision = content["decisions"][0]
    decision["break_even_queries"], decision["flip_queries"] = {"low": 3.0, "median": 9.0, "high": None}, None
    row_of(content, "table")["half_width"] = [None]
    ladder = Comparison.read(content, "candidates.json").ladder
    even = ladder.decision.break_even_queries
    assert even is not None and (even.low, even.high, ladder.decision.flip_queries) == (3.0, math.inf, math.inf)
    assert ladder.by_name["table"].half_width == (math.inf,)


def test_an_error_without_bound_is_written_as_the_largest() -> None:
    error = OutputError("nrmse", math.inf, 1.0, math.inf, (math.inf, 2.0))
    assert error.to_json()["high"] == LARGEST_ERROR and error.to_json()["elements"] == [LARGEST_ERROR, 2.0]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("candidates", "mlp", "kind"), None, "'kind' of candidate 'mlp' is None; it must be a text"),
        (("candidates", "mlp", "query"), [1], "'query' of candidate 'mlp' is [1]; it must be an object"),
        (("candidates", "mlp", "query", PATTERN), 3, f"query '{PATTERN}' of candidate 'mlp' must be an object, not 3"),
        (
            ("candidates", "mlp", "query", PATTERN, "cpu_seconds"),
            "fast",
            f"'cpu_seconds' of query '{PATTERN}' of candidate 'mlp' is 'fast'; it must be a number",
        ),
        (
            ("candidates", "mlp", "error", "lowest_oxygen_mg_l", "high"),
            ...,
            "'high' of error 'lowest_oxygen_mg_l' of candidate 'mlp' is missing; it must be a number",
        ),
        (("candidates", "mlp", "need_met"), {PATTERN: 1}, "'need_met' of candidate 'mlp' is {"),
        (("candidates", "mlp", "parity", "points"), 0.5, "'points' of 'parity' of candidate 'mlp' is 0.5"),
        (("decisions", 0, "verdict"), "perhaps", "'verdict' of decision 'one permit at a desk' is 'perhaps'"),
        (("decisions", 0, "queries"), [3.0], "'queries' of decision 'one permit at a desk' is [3.0]; it must be two"),
        (("model", "candidate"), 7, "'candidate' of 'model' is 7; it must be a text"),
        (("seed",), "one", "'seed' is 'one'; it must be a whole number"),
        (("decisions",), ..., "has no 'decisions', so it is not a comparison of candidates"),
        (("decisions",), [], "holds no decision"),
    ],
)
def test_what_is_damaged_is_told_with_key_place_and_file(
    content: dict[str, Any], path: tuple[Any, ...], value: Any, told: str
) -> None:
    held: Any = copy.deepcopy(content)
    whole = held
    for step in path[:-1]:
        held = next(row for row in held if row["name"] == step) if step == "mlp" else held[step]
    if value is ...:
        del held[path[-1]]
    else:
        held[path[-1]] = value
    with pytest.raises(UnusableInputError, match=re.escape(told)) as raised:
        Comparison.read(whole, "bundles/x/candidates.json")
    assert str(raised.value).startswith("'bundles/x/candidates.json' ") and "\n" not in str(raised.value)


def test_what_the_decision_weighs_of_a_row(content: dict[str, Any]) -> None:
    row = Comparison.read(content, "candidates.json").ladder.by_name["table"]
    weighed = DecisionRow.of(row, PATTERN)
    assert weighed.query_blocks == row.query[PATTERN].blocks and weighed.error == row.error_ratio > 1
    assert not weighed.admissible and weighed.can_be_asked
    broken = replace(row.limits[PATTERN], met=False, broken=("bytes", "latency"))
    weighed = DecisionRow.of(replace(row, limits={PATTERN: broken}), PATTERN)
    assert (weighed.hard_limits, weighed.chosen_limits) == ((), ("bytes", "latency"))
    lacking = replace(broken, broken=("data",))
    assert not DecisionRow.of(replace(row, limits={PATTERN: lacking}), PATTERN).can_be_asked


def error(high: float, tolerance: float | None) -> OutputError:
    return OutputError("rmse", high, high, high, tolerance=tolerance)


def test_the_output_farthest_beyond_its_tolerance_decides() -> None:
    errors = {"untold": error(1e6, None), "depth": error(0.3, 0.2), "speed": error(9.0, 10.0)}
    assert largest_ratio(errors) == pytest.approx(1.5) and worst_output(errors) == "depth"
    assert worst_output({"a": error(2.0, 1.0), "b": error(4.0, 2.0)}) == "a"  # of equals the first
    row = CandidateRow("a", "table", 2, {}, errors=errors)
    assert row.error_ratio == row.error_bound == pytest.approx(1.5) and row.worst_error == errors["depth"]


def test_without_a_tolerance_there_is_no_ratio_but_a_bound() -> None:
    row = CandidateRow("a", "table", 2, {}, errors={"depth": error(0.3, None), "speed": error(9.0, 0.0)})
    assert row.error_ratio == math.inf and row.error_bound == 0.3
    bare = CandidateRow("a", "table", 2, {})
    assert (bare.error_ratio, bare.error_bound, bare.worst_error) == (math.inf, math.inf, None)


def test_the_ladder_names_what_the_decision_names(content: dict[str, Any]) -> None:
    ladder = Comparison.read(content, "candidates.json").ladder
    assert ladder.best_ai == ladder.closest_ai == ladder.by_name["gaussian_process"]
    unmet = Ladder(ladder.rows, (replace(ladder.decision, best_ai=None, winner=None),))
    assert unmet.winner is None and unmet.closest_ai is not None
    assert unmet.closest_ai.error_bound == min(row.error_bound for row in ladder.rows if row.is_ai)
    physics = ladder.full_physics
    assert physics is not None and ladder.physics_to_ask is physics
    lacking = Ladder((replace(physics, lacks={"en": "a survey"}),), ladder.decisions)
    assert lacking.full_physics is not None and lacking.physics_to_ask is None


#: Keys that only candidates and decisions have: who reads one from a mapping reads them by string.
KEYS = {
    "is_ai", "error_met", "need_met", "fixed_cpu_seconds", "fixed_parts", "lacks", "graph_reason", "interval_coverage",
    "wall_p95_seconds_per_call", "lifetime_cpu_seconds", "break_even_queries", "flip_queries",
    "saving_cpu_seconds", "missing_baselines", "limits_that_exclude", "winner_is_ai", "queries_mid",
}  # fmt: skip


def keys_read(code: str) -> Iterator[str]:
    """Constant keys of subscripts that are read and of calls of ``get``."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            key: ast.expr | None = node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            key = node.args[0] if node.args else None
        else:
            continue
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value


def test_keys_that_are_read_are_found() -> None:
    assert list(keys_read('a["is_ai"]; b.get("lacks"); c["x"] = 1; d.get(e)')) == ["is_ai", "lacks"]


@pytest.mark.parametrize("room", ["audit", "cadastre", "campaigns", "commands", "reporting", "surrogates"])
def test_nobody_reads_candidates_and_decisions_by_string(room: str) -> None:
    for path in (ROOT / "frugal" / room).rglob("*.py"):
        found = KEYS & set(keys_read(path.read_text(encoding="utf-8")))
        assert not found, f"{path.relative_to(ROOT)} reads {', '.join(sorted(found))} of a mapping"


def test_an_error_without_a_bound_is_held_at_its_worst_place() -> None:
    few = OutputError(
        "nrmse",
        0.02,
        0.0,
        math.inf,
        tolerance=0.05,
        bounded=False,
        by_place={"a": 0.01, "b": 0.03},
        places=2.0,
        rows=40,
    )
    assert few.held == 0.03 and few.met and few.ratio == pytest.approx(0.6)
    assert few.unseen_share == pytest.approx(1 - 0.025**0.5)
    written = few.to_json()
    assert written["high"] is None and written["bounded"] is False
    assert OutputError.read(JsonObject(written, "f")) == few
    assert not OutputError("nrmse", 0.0, 0.0, math.inf, tolerance=0.05, bounded=False).met  # nothing is known of it
    unknown = OutputError(
        "nrmse", 0.0, 0.0, math.inf, tolerance=0.05, bounded=False, by_place={"a": 0.01, "b": math.nan}
    )
    assert not unknown.met
    assert not OutputError("nrmse", math.nan, math.nan, math.nan, tolerance=0.05).met


def test_an_error_straddles_where_its_bound_alone_is_beyond() -> None:
    def of(value: float, high: float) -> OutputError:
        return OutputError("rmse", value, value, high, tolerance=1.0)

    assert of(0.9, 1.1).straddles and not of(0.5, 0.9).straddles and not of(1.1, 1.2).straddles


def test_an_old_error_has_a_bound_and_tells_no_runs() -> None:
    found = OutputError.read(JsonObject({"metric": "rmse", "value": 1.0, "low": 0.5, "high": 2.0}, "f"))
    assert found.bounded and found.held == 2.0 and found.unseen_share is None and "rows" not in found.to_json()
