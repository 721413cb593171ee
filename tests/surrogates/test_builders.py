"""What models learn from: all runs, or of very many a part drawn at random."""

import numpy as np

from frugal.experiments.runs.store import Runs
from frugal.surrogates.ladder.builders import at_most


def test_of_very_many_runs_a_part_is_drawn_and_stays_whole() -> None:
    n = 200
    numbers = np.arange(n, dtype=float)[:, None]
    places = np.array([f"p{k % 7}" for k in range(n)])
    runs = Runs(numbers, 2 * numbers, np.zeros(n), np.zeros(n, dtype=bool), np.full(n, -1), places)
    assert at_most(runs, n, 0) is runs
    drawn = at_most(runs, 50, 0)
    assert len(drawn) == 50 and len(np.unique(drawn.inputs)) == 50
    np.testing.assert_array_equal(drawn.outputs, 2 * drawn.inputs)
    assert [f"p{int(k) % 7}" for k in drawn.inputs[:, 0]] == drawn.places.tolist()
    np.testing.assert_array_equal(drawn.inputs, at_most(runs, 50, 0).inputs)
    assert drawn.inputs.std() > 0.9 * numbers.std(), "from everywhere, and not the first ones"
