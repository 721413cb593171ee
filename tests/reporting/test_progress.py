"""Progress where there is no terminal: a line now and then, with the time left."""

from __future__ import annotations

import pytest

from frugal.reporting import progress


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "1 s"), (40, "40 s"), (180, "3 min"), (7800, "2 h 10 min"), (5399, "1 h 30 min")]
)
def test_a_time_in_plain_words(seconds: float, told: str) -> None:
    assert progress.plain_time(seconds) == told


def test_the_time_left_is_told_at_most_every_so_often(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    reporter = progress.Terminal("fr")
    reporter.stage("simulate", 100)
    for done, now in ((5, 5.0), (25, 25.0), (30, 30.0), (50, 50.0), (100, 100.0)):
        clock[0] = now
        reporter.step(done)
    told = capsys.readouterr().err
    assert "25/100, reste 75 s" in told and "50/100, reste 50 s" in told
    assert told.count("reste") == 2
