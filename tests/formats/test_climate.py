"""The climate table that ships: consistent, attributed, derived again where its year is at hand."""

import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.formats.files.tables import columns, read_table
from frugal.formats.weather.climate import COLUMNS, QUANTILE_COLUMNS, read_climate
from frugal.formats.weather.readers import read_weather

TABLE = Path(str(files("frugal.formats.weather") / "data" / "vendee_coast.csv"))


def test_shipped_table_is_consistent():
    climate = read_climate()
    assert climate.columns["global_irradiation_kwh_m2"].sum() == pytest.approx(1377.9, abs=0.2)
    assert (climate.columns["temperature_min_c"] < climate.columns["temperature_max_c"]).all()
    assert climate.clearness_quantiles.shape == (12, 7)
    mean = climate.columns["clearness_mean"]
    assert ((climate.clearness_quantiles[:, 1] < mean) & (mean < climate.clearness_quantiles[:, -2])).all()
    assert (climate.latitude_deg, climate.longitude_deg, climate.utc_offset_h) == (46.1781, -1.1931, 1.0)
    text = TABLE.read_text(encoding="utf-8")
    assert "Climate.OneBuilding.org" in text
    assert "climatestotravel.com" in text


def test_typical_year_agrees_with_published_normals():
    table = read_table(TABLE)
    for end in ("min", "max"):
        ours, published = columns(table, [f"temperature_{end}_c", f"normal_temperature_{end}_c"]).T
        assert abs(ours.mean() - published.mean()) < 0.6
        assert np.abs(ours - published).max() < 4.5  # July of the typical year has cool nights
        assert np.corrcoef(ours, published)[0, 1] > 0.95


def edited(tmp_path: Path, old: str, new: str) -> Path:
    text = TABLE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "climate.csv"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("latitude_deg=46.1781", "", "does not say its latitude_deg"),
        ("wind_mean,", "wind_average,", "no column 'wind_mean'"),
        ("\n12,", "\n13,", "months 1 to 12"),
        ("\n1,31.41", "\n1,-31.41", "month 1: global_irradiation_kwh_m2 is -31.41; 0 to 350"),
        (",0.1727,", ",0.9,", "quantiles of clearness must grow"),
    ],
)
def test_damaged_tables_are_refused(tmp_path, old, new, words):
    with pytest.raises(UnusableInputError, match=words):
        read_climate(edited(tmp_path, old, new))


def test_table_is_derived_again(shared_data: Path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
    from derive_climate_table import as_csv, derive

    weather = read_weather(shared_data / "weather" / "FRA_AC_La.Rochelle.Intl.AP.073160_TMYx.epw.gz")
    found = derive(weather)
    table = read_table(TABLE)
    for name in (*COLUMNS, *QUANTILE_COLUMNS):
        np.testing.assert_allclose(table[name].to_numpy(), found[name], rtol=2e-3, atol=1e-4, err_msg=name)
    assert weather.sha256 in as_csv(weather, found)
    assert weather.sha256 in TABLE.read_text(encoding="utf-8")
    sys.modules.pop("derive_climate_table", None)
