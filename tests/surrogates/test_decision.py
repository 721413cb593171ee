"""The decision is pure: ledger, ladder and need in, winner and verdict out."""

from dataclasses import replace

import numpy as np
import pytest

from frugal.candidates.decision import Decision
from frugal.candidates.grid_error import FINER_CELLS, GridError
from frugal.candidates.row import MISSING_DATA
from frugal.experiments.study import CallPattern, Need, Tolerance
from frugal.metering.ledger.ledger import Entry
from frugal.surrogates.decision.costs import DecisionRow, fixed_parts
from frugal.surrogates.decision.decide import decide

NEED = Need("one answer", {"y": Tolerance("nrmse", 0.02)}, queries=(3e5, 3e6))
LEDGER = [
    Entry("compile", cpu_seconds=3.0),
    Entry("generation", cpu_seconds=300.0),
    Entry("generation", cpu_seconds=80.0, cpu_seconds_children=20.0, status="interrupted"),
    Entry("fit", "mlp", cpu_seconds=2.0),
    Entry("calibration", "mlp", cpu_seconds=8.0),
    Entry("export", "mlp", cpu_seconds=0.1),
    Entry("fit", "linear", cpu_seconds=0.01),
]


def rung(name: str, kind: str, met: bool, microseconds: float, **more: object) -> DecisionRow:
    noise = (0.95, 1.0, 1.02, 1.05, 0.99, 1.01, 0.97)
    learned = kind in ("constant", "linear", "surrogate")
    values: dict = {"needs_runs": learned, "needs_compilation": kind != "formula", "error": 0.5 if met else 3.0}
    return DecisionRow(
        name, kind, met, query_blocks=tuple(microseconds * 1e-6 * n for n in noise), **{**values, **more}
    )


def ladder(**met: bool) -> list[DecisionRow]:
    return [
        rung("constant", "constant", met.get("constant", False), 5.0),
        rung("linear", "linear", met.get("linear", False), 6.0),
        rung("coarse", "coarse_physics", met.get("coarse", False), 5_000.0),
        rung("mlp", "surrogate", met.get("mlp", True), 15.0),
        rung("full", "full_physics", met.get("full", True), 50_000.0, error=0.0),
    ]


def test_a_slow_smooth_solver_asked_a_million_times_demonstrates_the_need() -> None:
    decision = decide(LEDGER, ladder(), NEED)
    assert decision.verdict == "demonstrated"
    assert (decision.winner, decision.winner_is_ai) == ("mlp", True)
    assert decision.best_alternative == "full"


def test_a_truth_that_errs_by_more_than_the_need_allows_demonstrates_nothing() -> None:
    def with_grid_error(value: float, metric: str = "nrmse") -> Decision:
        found = GridError(metric, value, value, 3, plain="no_coarser", tolerance=0.02)
        return decide(
            [*LEDGER, Entry("evaluation", details={FINER_CELLS: {"errors": {"y": found.to_json()}}})], ladder(), NEED
        )

    decision = with_grid_error(0.021)
    assert (decision.verdict, decision.reasons) == ("undecided", ("truth_not_converged", "burden_of_proof"))
    assert decision.winner == "full" and "no answer is shown to meet it" in decision.told[0]["en"]
    assert with_grid_error(0.019).verdict == with_grid_error(0.021, "rmse").verdict == "demonstrated"
    none = Entry("evaluation", details={FINER_CELLS: {"errors": {}}})  # measured no more
    assert decide([*LEDGER, none], ladder(), NEED).verdict == "demonstrated"


def test_the_break_even_can_be_computed_by_hand() -> None:
    decision = decide(LEDGER, ladder(), NEED)
    fixed_ai = 3.0 + 0.75 * 400.0 + 10.1
    expected = (fixed_ai - 3.0) / (50_000e-6 - 15e-6)
    assert decision.break_even_queries is not None
    assert decision.break_even_queries.median == pytest.approx(expected, rel=0.05)
    assert decision.break_even_queries.low <= expected <= decision.break_even_queries.high


def test_few_queries_turn_it_into_not_demonstrated() -> None:
    decision = decide(LEDGER, ladder(), replace(NEED, queries=(100.0, 1000.0)))
    assert decision.verdict == "not_demonstrated"
    assert "too_few_queries" in decision.reasons
    assert decision.winner == "full"


def test_a_linear_target_ends_in_the_linear_fit() -> None:
    decision = decide(LEDGER, ladder(linear=True), NEED)
    assert (decision.verdict, decision.winner) == ("not_demonstrated", "linear")
    assert "alternative_cheaper" in decision.reasons


def test_a_constant_target_ends_in_the_constant() -> None:
    decision = decide(LEDGER, ladder(constant=True, linear=True), NEED)
    assert (decision.verdict, decision.winner) == ("not_demonstrated", "constant")


def test_cheap_physics_is_immaterial_to_replace() -> None:
    cheap = [
        replace(r, query_blocks=tuple(b / 1000 for b in r.query_blocks)) if r.name == "full" else r for r in ladder()
    ]
    ledger = [Entry("fit", "mlp", cpu_seconds=0.5)]
    decision = decide(ledger, cheap, NEED)
    assert decision.verdict == "not_demonstrated"
    assert "immaterial" in decision.reasons
    assert decision.winner == "full"
    assert "burden_of_proof" in decision.reasons


@pytest.mark.parametrize("queries", [(3e5, 3e6), (100.0, 1000.0), (4e3, 4e4)])
def test_watts_per_core_change_no_verdict(queries: tuple[float, float]) -> None:
    """A machine that burns ten times the power for the same CPU seconds: no joule enters the decision."""
    need = replace(NEED, queries=queries)
    plain = decide(LEDGER, ladder(), need)
    dear = decide([replace(entry, codecarbon_joules=30.0 * entry.cpu_seconds) for entry in LEDGER], ladder(), need)
    assert plain == dear


def test_a_machine_twice_as_slow_keeps_the_break_even() -> None:
    slow_ledger = [
        replace(e, cpu_seconds=2 * e.cpu_seconds, cpu_seconds_children=2 * e.cpu_seconds_children) for e in LEDGER
    ]
    slow = [replace(r, query_blocks=tuple(2 * b for b in r.query_blocks)) for r in ladder()]
    first, second = decide(LEDGER, ladder(), NEED), decide(slow_ledger, slow, NEED)
    assert first.break_even_queries is not None and second.break_even_queries is not None
    assert second.break_even_queries.median == pytest.approx(first.break_even_queries.median)


def test_missing_baselines_leave_a_positive_verdict_not_assessed() -> None:
    without = [r for r in ladder() if r.name not in ("coarse", "constant")]
    decision = decide(LEDGER, without, NEED)
    assert decision.verdict == "not_assessed"
    assert decision.missing_baselines == ("constant", "table or coarser physics")
    assert decision.winner == "full"  # the need for AI is not shown


def test_missing_baselines_cannot_save_a_dominated_ai() -> None:
    without = [r for r in ladder(linear=True) if r.kind != "full_physics"]
    decision = decide(LEDGER, without, NEED)
    assert (decision.verdict, decision.winner) == ("not_demonstrated", "linear")


def test_an_undeclared_use_is_not_assessed() -> None:
    decision = decide(LEDGER, ladder(linear=True), replace(NEED, queries=None, declared=False))
    assert decision.verdict == "not_assessed"
    assert decision.reasons == ("need_undeclared", "least_error_ships")
    assert decision.winner == "linear"
    assert "at most 1.25 times the cheapest" in decision.told[1]["en"] and "1,25 fois" in decision.told[1]["fr"]


UNDECLARED = replace(NEED, queries=None, declared=False)


def shipped(*rungs: DecisionRow, need: Need = UNDECLARED) -> str | None:
    return decide(LEDGER, rungs, need).winner


def test_without_a_use_no_dominated_candidate_ships() -> None:
    """The piston of 1,000 runs: trees at 11.6 % and 14 µs, a network at 0.72 % and 9.9 µs; limit 12 %."""
    trees = rung("trees", "surrogate", True, 14.0, error=0.98, value=0.967)
    network = rung("network", "surrogate", True, 9.9, error=0.07, value=0.06)
    assert shipped(trees, network) == shipped(network, trees) == "network"
    constant = rung("constant", "constant", False, 9.0, error=9.0, value=8.3)
    assert shipped(constant, trees, network) == "network"
    for seed in range(50):
        rng = np.random.default_rng(seed)
        kinds = ("constant", "table", "linear", "quadratic", "surrogate", "full_physics")
        rungs = []
        for number in range(7):
            error, cost = 10 ** rng.uniform(-3, 2), 10 ** rng.uniform(0, 2)
            kind = str(rng.choice(kinds))
            rungs.append(rung(f"r{number}", kind, error < 0.8, cost, error=1.25 * error, value=error))
        won = next(one for one in rungs if one.name == shipped(*rungs))
        costs = {one.name: np.median(one.query_blocks) for one in rungs}
        counts = max(won.value, 0.01)  # of the limit; less is as good as none
        assert not any(max(one.value, 0.01) < counts and costs[one.name] < costs[won.name] for one in rungs), seed


def test_without_a_use_the_least_error_among_what_costs_about_the_least_ships() -> None:
    line = rung("line", "linear", True, 10.0, value=0.5)
    process = rung("process", "surrogate", True, 12.4, error=0.02, value=0.01)
    dear = rung("dear", "surrogate", True, 12.6, error=0.002, value=0.001)  # beyond 1.25 times the cheapest
    assert shipped(line, process, dear) == "process"
    same = rung("same", "quadratic", True, 9.5, value=0.5)
    assert shipped(line, same) == "same", "of the same error the cheaper one"


def test_without_a_use_the_burden_of_proof_lies_on_ai() -> None:
    """A network at 14 µs and 0.5 % (bound 0.9 %) beside answers that are no AI; the limit is 10 %."""
    network = rung("network", "surrogate", True, 14.0, error=0.09, value=0.05)
    chaos = rung("chaos", "polynomial", True, 160.0, error=1e-8, value=6e-9)  # errs less, some microseconds dearer
    line = rung("line", "linear", True, 12.0, error=0.14, value=0.088)  # errs more, within the bound, and is cheaper
    assert shipped(network, chaos) == "chaos"
    assert shipped(network, line) == "line"
    assert shipped(network, replace(line, value=0.091)) == "network", "beyond the bound of the network"
    dearer = replace(line, query_blocks=tuple(2 * b for b in line.query_blocks))
    assert shipped(network, dearer) == "network", "errs more and costs more"
    # a saving of 1,200 CPU s over a million queries is material, 1.2 ms of each; so is half of what a dear AI costs
    assert shipped(network, rung("physics", "coarse_physics", True, 1.1e3, error=0.02, value=0.01)) == "physics"
    physics = rung("physics", "coarse_physics", True, 1.3e3, error=0.02, value=0.01)
    assert shipped(network, physics) == "network"
    slow = rung("slow", "surrogate", True, 5e4, error=0.09, value=0.05)
    assert shipped(slow, rung("physics", "coarse_physics", True, 9.9e4, error=0.02, value=0.01)) == "physics"
    assert shipped(slow, rung("physics", "coarse_physics", True, 1.1e5, error=0.02, value=0.01)) == "slow"
    process = rung("process", "surrogate", True, 25.0, error=6e-9, value=3e-9)
    assert shipped(network, chaos, process) == "chaos", "a billionth of the limit is no reason for AI"
    better = [replace(chaos, error=0.05, value=0.03), replace(process, error=0.03, value=0.02)]
    assert shipped(network, *better) == "network", "what another one beats in both does not ship"
    told = decide(LEDGER, [network, chaos], UNDECLARED)
    assert told.reasons[-1] == "least_error_without_ai" and not told.winner_is_ai
    assert "1,200 CPU seconds more per million" in told.told[-1]["en"] and "1200 secondes" in told.told[-1]["fr"]
    assert decide(LEDGER, [network, physics], UNDECLARED).reasons[-1] == "least_error_is_ai"


def test_tolerances_that_nobody_declared_keep_nothing_from_shipping() -> None:
    constant = rung("constant", "constant", False, 5.0, error=9.0, value=8.0)
    noisy = rung("noisy", "surrogate", False, 20.0, error=2.5, value=2.0)
    line = rung("line", "linear", False, 6.0, error=3.0, value=2.4)
    assert shipped(constant, noisy) == "noisy", "not the constant, cheap as it is"
    assert shipped(constant, noisy, line) == "line", "about as good as the best, and cheaper"
    declared = replace(NEED, queries=None)
    assert shipped(constant, noisy, line, need=declared) is None
    assert shipped(constant, replace(noisy, error_met=True), line, need=declared) == "noisy"
    assert shipped(replace(noisy, chosen_limits=("graph",)), need=UNDECLARED) is None


def without_graph(**met: bool) -> list[DecisionRow]:
    return [replace(r, chosen_limits=("graph",)) if r.name == "full" else r for r in ladder(**met)]


def test_a_limit_that_was_chosen_wins_no_verdict() -> None:
    """The physics answers exactly: only the wish for a file excludes it, whatever it costs beside the AI."""
    decision = decide(LEDGER, without_graph(), NEED, CallPattern("phone", needs_graph=True))
    assert (decision.verdict, decision.winner) == ("conditional", "mlp")
    assert decision.reasons == ("only_a_chosen_limit",)
    assert (decision.limits_that_exclude, decision.without_limits) == (("graph",), "full")
    # 3 s of compilation, a million queries of 50 ms against 313.1 s and 15 µs
    assert decision.lifetime_cpu_seconds["full"] == pytest.approx(3 + 9.487e5 * 0.05, rel=0.01)
    assert "full would answer" in decision.told[0]["en"] and "13\u00a0h" in decision.told[0]["en"]
    assert "full répondrait" in decision.told[0]["fr"]


def test_where_the_ai_straddles_too_the_limit_is_named() -> None:
    near = [replace(r, error_met=False, error=1.3, value=0.9) if r.is_ai else r for r in without_graph()]
    decision = decide(LEDGER, near, NEED, CallPattern("phone", needs_graph=True))
    assert (decision.verdict, decision.winner) == ("undecided", None)
    assert decision.reasons == ("ai_straddles", "a_limit_excludes")
    assert (decision.without_limits, decision.limits_that_exclude) == ("full", ("graph",))
    assert "excludes full, which would answer for 13\u00a0h" in decision.told[1]["en"]
    far = [replace(r, error_met=False, error=3.0, value=2.0) if r.is_ai else r for r in without_graph()]
    decision = decide(LEDGER, far, NEED, CallPattern("phone", needs_graph=True))
    assert decision.nothing_meets and decision.reasons[-1] == "a_limit_excludes"


def test_beside_a_dear_alternative_a_chosen_limit_wins_nothing_either() -> None:
    """A slow answer in a file meets the need; the physics at 25 µs without a file would be cheaper than the AI."""
    slow = rung("slow", "precomputed", True, 5e6, error=0.1)
    cheap = [replace(r, query_blocks=(25e-6,) * 7) if r.name == "full" else r for r in without_graph()]
    ledger = [replace(entry, cpu_seconds=1e-3 * entry.cpu_seconds) for entry in LEDGER]
    alone = decide(ledger, [*cheap, slow], replace(NEED, queries=(1e4, 1e4)))
    assert alone.verdict == "conditional" and alone.without_limits == "full"
    assert alone.reasons == ("ai_cheaper", "a_chosen_limit")
    without = [*(r for r in cheap if r.name != "full"), slow, rung("full", "full_physics", True, 5e6, error=0.0)]
    assert decide(ledger, without, replace(NEED, queries=(1e4, 1e4))).verdict == "demonstrated"


def test_an_alternative_worse_than_a_constant_is_a_straw() -> None:
    straw = rung("straw", "formula", False, 1.0, error=50.0, value=40.0)
    only = [straw if r.name == "coarse" else replace(r, value=r.error) for r in ladder()]
    decision = decide(LEDGER, only, NEED)
    assert (decision.verdict, decision.winner) == ("conditional", "mlp")
    assert decision.reasons == ("ai_cheaper", "straw_alternative")
    assert "worse than a constant" in decision.told[1]["en"]
    with_another = [*only, rung("coarse", "coarse_physics", False, 5_000.0, value=2.0)]
    assert decide(LEDGER, with_another, NEED).verdict == "demonstrated"


def test_errors_at_a_few_places_demonstrate_nothing() -> None:
    few = [replace(r, bounded=False) if r.is_ai else r for r in ladder()]
    decision = decide(LEDGER, few, NEED)
    assert decision.verdict == "undecided" and decision.reasons[:2] == ("ai_cheaper", "few_places")
    assert decision.winner == "full"
    assert (
        decide(LEDGER, [r for r in few if r.name != "full"], NEED).verdict == "not_assessed"
    )  # the physics is missing
    lacking = [replace(r, hard_limits=(MISSING_DATA,)) if r.name == "full" else r for r in few]
    alone = decide(LEDGER, lacking, NEED)
    assert (alone.verdict, alone.winner) == ("undecided", "mlp")


def test_errors_that_straddle_their_limit_settle_nothing() -> None:
    near = [replace(r, error_met=False, error=1.3, value=0.9) if r.is_ai else r for r in ladder()]
    decision = decide(LEDGER, near, NEED)
    assert (decision.verdict, decision.reasons[0], decision.straddling) == ("undecided", "ai_straddles", ("mlp",))
    assert decision.winner == "full"
    # where it would not be needed even so, that is what is said
    assert decide(LEDGER, near, replace(NEED, queries=(100.0, 1000.0))).verdict == "not_demonstrated"
    linear = [replace(r, error=1.3, value=0.9) if r.name == "linear" else r for r in ladder()]
    decision = decide(LEDGER, linear, NEED)
    assert (decision.verdict, decision.straddling) == ("undecided", ("linear",)) and not decision.winner_is_ai
    far = [replace(r, error=1.6, value=1.1) if r.name == "linear" else r for r in ladder()]
    assert decide(LEDGER, far, NEED).verdict == "demonstrated"


def test_a_verdict_that_turns_with_the_seed_is_undecided() -> None:
    def seeded(*errors: float) -> list[DecisionRow]:
        return [replace(r, other_seeds=errors) if r.is_ai else r for r in ladder()]

    steady = decide(LEDGER, seeded(0.5, 0.6, 0.4, 0.9, 0.5), NEED)
    assert steady.verdict == "demonstrated" and steady.seeds_turned == (0, 5)
    turns = decide(LEDGER, seeded(0.5, 1.2, 0.4, 0.9, 0.5), NEED)
    assert (turns.verdict, turns.reasons[0], turns.seeds_turned) == ("undecided", "seeds_disagree", (1, 5))
    assert "1 of 5" in turns.told[0]["en"] and turns.winner == "full"
    lucky = [replace(r, error_met=False, error=1.4) if r.is_ai else r for r in seeded(0.5, 1.2, 1.3, 1.1, 1.2)]
    assert decide(LEDGER, lucky, NEED).verdict == "undecided"


def without_data(**met: bool) -> list[DecisionRow]:
    return [replace(r, hard_limits=(MISSING_DATA,)) if r.name == "full" else r for r in ladder(**met)]


def test_ai_stands_against_what_can_be_asked_where_the_physics_lacks_data() -> None:
    decision = decide(LEDGER, without_data(coarse=True), NEED)
    assert (decision.verdict, decision.best_alternative) == ("demonstrated", "coarse")
    fixed_ai = 3.0 + 0.75 * 400.0 + 10.1
    assert decision.break_even_queries is not None
    assert decision.break_even_queries.median == pytest.approx((fixed_ai - 3.0) / (5_000e-6 - 15e-6), rel=0.05)
    assert "full" not in decision.lifetime_cpu_seconds and decision.missing_baselines == ()


def test_missing_information_is_a_reason_of_its_own() -> None:
    decision = decide(LEDGER, without_data(), NEED)
    assert (decision.verdict, decision.winner) == ("infeasible_otherwise", "mlp")
    assert decision.reasons == ("no_alternative_meets_the_need", "missing_information")
    assert decision.limits_that_exclude == (MISSING_DATA,)
    assert decision.break_even_queries is None and decision.flip_queries is None


def test_physics_without_its_data_never_ships() -> None:
    decision = decide(LEDGER, without_data(mlp=False), NEED)
    assert decision.winner is None and decision.reasons == ("nothing_meets_the_need",)


def test_a_latency_that_somebody_chose_is_only_conditional() -> None:
    slow = [replace(r, chosen_limits=("latency",)) if r.name == "full" else r for r in ladder()]
    decision = decide(LEDGER, slow, NEED)
    assert (decision.verdict, decision.winner) == ("conditional", "mlp")


def test_nothing_meets_the_need() -> None:
    decision = decide(LEDGER, ladder(mlp=False, full=False), NEED)
    assert decision.winner is None
    assert decision.verdict == "not_assessed"


def test_no_ai_meets_the_need() -> None:
    decision = decide(LEDGER, ladder(mlp=False), NEED)
    assert (decision.verdict, decision.winner) == ("not_demonstrated", "full")
    assert decision.reasons == ("no_ai_meets_the_need",)


def test_within_the_tie_factor_the_lower_rung_wins() -> None:
    close = [
        rung("linear", "linear", True, 12.0),
        rung("table", "table", True, 13.0),
        rung("full", "full_physics", True, 900.0),
    ]
    assert decide([], close, NEED).winner == "table"
    far = [*close[:1], rung("table", "table", True, 20.0), close[2]]
    assert decide([], far, NEED).winner == "linear"


def test_near_the_break_even_it_is_undecided() -> None:
    decision = decide(LEDGER, ladder(), replace(NEED, queries=(1.2e4, 3e6)))
    assert decision.verdict == "undecided"
    assert "break_even_too_near" in decision.reasons
    assert decision.winner == "full"


def test_the_same_evidence_gives_the_same_decision() -> None:
    assert decide(LEDGER, ladder(), NEED) == decide(LEDGER, ladder(), NEED)


def test_failed_and_interrupted_stages_are_part_of_the_fixed_cost() -> None:
    parts = fixed_parts(LEDGER, ladder()[3], training_share=0.75)
    assert parts == pytest.approx({"compile": 3.0, "generation": 300.0, "fit": 10.0, "export": 0.1})
    formula = rung("formula", "formula", True, 1.0)
    assert sum(fixed_parts(LEDGER, formula, 0.75).values()) == 0.0


def test_a_dear_alternative_that_is_quick_to_ask_takes_nothing_from_the_verdict() -> None:
    table = rung("answers", "precomputed", True, 5.0)
    ledger = [*LEDGER, Entry("fit", "answers", cpu_seconds=1e6)]
    decision = decide(ledger, [*ladder(), table], NEED)
    assert decision.verdict == "demonstrated"
    assert decision.best_alternative == "full"


def test_an_ai_without_any_rival_ships_with_its_verdict() -> None:
    decision = decide(LEDGER, [rung("mlp", "surrogate", True, 15.0)], NEED)
    assert (decision.verdict, decision.winner) == ("not_assessed", "mlp")
    assert decision.reasons == ("baselines_missing", "only_ai_meets_the_need")


def test_the_flip_point_is_where_the_verdict_turns() -> None:
    flip = decide(LEDGER, ladder(), NEED).flip_queries  # of an interval whose ends are ten times apart
    assert flip is not None
    above = decide(LEDGER, ladder(), replace(NEED, queries=(1.02 * flip, 10.2 * flip)))
    below = decide(LEDGER, ladder(), replace(NEED, queries=(0.97 * flip, 9.7 * flip)))
    assert above.verdict == "demonstrated"
    assert below.verdict != "demonstrated"
    assert above.flip_queries == pytest.approx(flip, rel=0.03)


def test_the_flip_point_looks_at_every_ai_and_not_only_at_todays_best() -> None:
    ledger = [Entry("fit", "quick", cpu_seconds=1.0), Entry("fit", "thorough", cpu_seconds=100.0)]
    both = [
        rung("constant", "constant", False, 1.0),
        rung("linear", "linear", False, 1.0),
        rung("table", "table", False, 1.0),
        rung("full", "full_physics", True, 100.0, error=0.0),
        rung("quick", "surrogate", True, 200.0),
        rung("thorough", "surrogate", True, 10.0),
    ]
    today = decide(ledger, both, replace(NEED, queries=(1e3, 1e4)))
    assert today.verdict == "not_demonstrated" and today.best_ai == "quick"
    assert today.flip_queries is not None
    then = decide(ledger, both, replace(NEED, queries=(1.02 * today.flip_queries, 10.2 * today.flip_queries)))
    assert then.verdict == "demonstrated" and then.best_ai == "thorough"


def test_against_a_cheaper_alternative_no_use_makes_the_verdict_flip() -> None:
    assert decide(LEDGER, ladder(linear=True), NEED).flip_queries == float("inf")
    assert decide(LEDGER, ladder(mlp=False), NEED).flip_queries is None
