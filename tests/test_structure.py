"""The house: imports run one way, help is light, files stay small, the wheel holds what it should."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "frugal").rglob("*.py"))
HEAVY = {
    "numpy", "scipy", "pandas", "numba", "sklearn", "lightgbm", "onnx", "onnxruntime", "mlflow", "codecarbon",
    "matplotlib", "zarr", "xarray", "rasterio", "pvlib", "pint", "pydantic", "jinja2",
}  # fmt: skip


def loaded_by(*arguments: str) -> set[str]:
    code = (
        "import sys; sys.argv = ['frugal', *sys.argv[1:]]\n"
        "from frugal.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    answer = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(answer.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("arguments", [("--help",), ("train", "--help"), ("predict", "--help")])
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert not loaded_by(*arguments) & (HEAVY - {"pydantic"})


def test_prediction_needs_only_numpy_and_onnxruntime() -> None:
    code = "import sys, frugal.surrogates.bundle.predictor; print(*sorted({n.split('.')[0] for n in sys.modules}))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {
        "sklearn",
        "lightgbm",
        "mlflow",
        "numba",
        "onnx",
        "pandas",
        "scipy",
        "codecarbon",
        "matplotlib",
    }


def test_files_can_be_held_in_one_head() -> None:
    large = {str(path.relative_to(ROOT)): path.stat().st_size for path in SOURCES if path.stat().st_size > 30_000}
    assert not large


@pytest.mark.parametrize("word", ["pickle", "joblib", "eval(", "exec(", "except:", "__import__"])
def test_nothing_is_unpickled_and_nothing_supplied_is_executed(word: str) -> None:
    for path in SOURCES:
        code = "\n".join(line for line in path.read_text().splitlines() if not line.strip().startswith(("#", '"""')))
        assert word not in code.replace("_eval(", "").replace('"eval"', ""), f"{path.name} holds {word}"


def test_every_public_function_and_class_is_documented() -> None:
    import ast

    bare = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.FunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and ast.get_docstring(node) is None and node.col_offset == 0:
                bare.append(f"{path.name}:{node.name}")
    assert not bare


def test_a_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    import zipfile

    from hatchling.builders.wheel import WheelBuilder

    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = zipfile.ZipFile(path).namelist()
    assert {name.split("/")[0] for name in names} == {"frugal", f"{Path(path).name.split('-py3')[0]}.dist-info"}
    assert "frugal/formats/weather/data/vendee_coast.csv" in names
    assert "frugal/audit/evidence/audit_schema.json" in names
    assert any(name.startswith("frugal/audit/report/templates/") for name in names)
    data = {str(path.relative_to(ROOT)) for path in (ROOT / "frugal").rglob("*.toml")}
    assert len(data) == 14 and data <= set(names)  # texts of the rooms, needs of the studies


def test_no_file_is_found_by_counting_folders_upwards() -> None:
    """A file that moves would then look elsewhere, and find nothing or something else, without a word."""
    for path in SOURCES:
        assert ".parents[" not in path.read_text(), f"{path.name} counts folders"
