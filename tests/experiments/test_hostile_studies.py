"""Study files that raise what nobody expects: one line that names the file or the function, as for any other mistake."""

from pathlib import Path

import pytest
from studies_for_tests import linear_study

from frugal.errors import SolverError, UnusableInputError, printable, told_fault
from frugal.experiments.runs.blocks import compute_rows
from frugal.experiments.runs.single import simulate
from frugal.experiments.study.questions import question
from frugal.experiments.study.registry import load_study_file

PARTIAL = "import functools\n"
ODD = "class S:\n    def __getattr__(self, name): raise ValueError(name)\n    def __call__(self): ...\nstudy = S()"
OWN = "class Own(BaseException): pass\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise BaseException('odd')", "BaseException: odd"),
        ("raise GeneratorExit", "GeneratorExit"),
        (OWN + "raise Own", "fails: Own"),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "fails: E"),
        ("class E(Exception):\n    def __str__(self): return 3\nraise E", "fails: E"),
        ("raise ValueError('a\\nb\\x1b[31m' * 2000)", "ValueError: a b"),
        ("def study(site: 'Absent'): ...", "function 'study' cannot be read: NameError"),
        ("study = dict", "function 'dict' cannot be read: ValueError"),
        (PARTIAL + "def f(): return 1\nstudy = functools.partial(f)", "function 'f' returned int"),
        (PARTIAL + "def f(a, site: int): ...\nstudy = functools.partial(f, 1)", "function 'f' must take one parameter"),
        (
            "class S:\n    def __call__(self): raise BaseException('x')\nstudy = S()",
            "function 'S' fails: BaseException: x",
        ),
        ("class S:\n    def __call__(self): return 1\nstudy = S()", "function 'S' returned int"),
        ("class S:\n    def __getattr__(self, name): raise ValueError(name)\nstudy = S()", "'study' is a S"),
        (ODD, "function 'S' cannot be read: ValueError"),
        ("async def study(): ...", "function 'study' returned coroutine"),
        ("def study(): return study()", "RecursionError"),
        ("def __getattr__(name): raise RuntimeError(name)", "RuntimeError: study"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_whatever_a_study_file_raises_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "odd.py"
    file.write_text(text)
    with pytest.raises(UnusableInputError) as refused:
        load_study_file(file)
    assert told in str(refused.value)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 800


def test_an_interrupt_in_a_study_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_study_file(tmp_path / "odd.py")


class Odd(BaseException):
    """No Exception."""


def test_whatever_a_solver_raises_is_the_failure_of_that_run() -> None:
    from dataclasses import replace

    import numpy as np

    def solve(inputs: np.ndarray) -> dict[str, np.ndarray]:
        raise Odd("two\nlines")

    study = replace(linear_study(), solve=solve)
    with pytest.raises(SolverError, match="Odd: two lines"):
        simulate(study, question(study.inputs, dict.fromkeys(study.layout.slices, "0.5"), None))
    computed = compute_rows(study, np.full((2, 3), 0.5), np.full(2, -1), lambda: False)
    assert computed is not None and computed.messages == ["Odd: two lines"] * 2


def test_texts_of_others_keep_their_letters_and_lose_what_moves_the_cursor() -> None:
    assert printable("é 3 m²\t\x1b[31m\u202ex\u2028") == "é 3 m² \ufffd[31m\ufffdx "
    assert told_fault(ValueError("x" * 900)) == "ValueError: " + "x" * 500 + "…"
    assert told_fault(KeyError()) == "KeyError"


def test_a_study_whose_name_is_no_text_or_whose_label_is_one_is_refused() -> None:
    from dataclasses import replace

    study = linear_study()
    for changes in (
        {"name": {}},
        {"name": " "},
        {"title": "one"},
        {"outputs": (replace(study.outputs[0], unit="m"),), "title": 3},
    ):
        with pytest.raises(UnusableInputError, match="needed"):
            replace(study, **changes)
    with pytest.raises(UnusableInputError, match="texts by language are needed"):
        replace(study.outputs[0], label="depth")
