"""What the system raises about a path is the user's to mend; what it raises of memory is not. Neither is a traceback."""

from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    "words",
    [
        ("studies", "--study", "x" * 5000),
        ("predict", "x" * 5000),
        ("predict", "loop"),
        ("audit", "loop/bundle"),
        ("need", "--study", "file.txt/study.py"),
        ("train", "--runs", "folder", "--inputs", "a", "--outputs", "y", "--out", "out"),
    ],
)
def test_a_path_that_cannot_be_is_told_as_an_input(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file.txt").touch()
    (tmp_path / "folder").mkdir()
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("frugal: ") and "Traceback" not in err
    assert {path.name for path in tmp_path.iterdir()} == {"loop", "file.txt", "folder"}


def test_a_lack_of_memory_is_one_sentence(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from frugal.surrogates.bundle import predictor

    def short(self: object, *arguments: object) -> None:
        raise MemoryError("Unable to allocate 7.28 TiB for an array")

    monkeypatch.setattr(predictor.Predictor, "__init__", short)
    told = "frugal: not enough memory: Unable to allocate 7.28 TiB for an array\n"
    assert run("predict", "model.onnx") == (3, "", told)


def test_a_cadastre_that_is_refused_leaves_no_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a folder").mkdir()
    code, _, err = run("cadastre", "absent.tif", "--bundle", "a folder", "--out", "deep/er/out")
    assert code == 2 and "a folder" in err
    assert [path.name for path in tmp_path.iterdir()] == ["a folder"]


@pytest.mark.parametrize("value", ["1" * 400, "1" * 5000, "[" * 5000])
def test_toml_that_no_reader_expects_is_one_sentence(run: Run, tmp_path: Path, value: str) -> None:
    (tmp_path / "odd.toml").write_text(f"watts_per_core = {value}\n")
    for words in (
        ("--machine", "odd.toml"),
        ("--declarations", "odd.toml"),
        ("--need", "odd.toml"),
        ("--site", "odd.toml"),
    ):
        code, out, err = run("train", "roof_yield", "--dry-run", *words)
        assert (code, out, "odd.toml" in err) == (2, "", True)
        assert len([line for line in err.splitlines() if line.startswith("frugal: ")]) == 1
