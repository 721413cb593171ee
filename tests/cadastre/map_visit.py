"""What tests do on the page of the map, and what they read from it."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np
from cadastre.chromium import Chromium

from frugal.surrogates.onnx.graph import session


def choose(page: Chromium, building: str) -> None:
    page.run(f"location.hash = 'roof={quote(building)}'")
    page.until(f"cadastre.state.building?.id === {building!r} && cadastre.state.answers.table")


def shown_inputs(page: Chromium) -> np.ndarray:
    """The row of inputs that stands for the installation as it is set, without obstacles."""
    row = page.run("Array.from(cadastre.inputRow(cadastre.state.cadastre.inputs, cadastre.state.options))")
    return np.array([row], dtype=np.float32)


def python_answer(model: bytes, row: np.ndarray) -> np.ndarray:
    monthly, yearly, loss = session(model).run(["monthly_yield", "yearly_yield", "shading_loss"], {"inputs": row})
    return np.concatenate([monthly[0], yearly, loss])


def page_answer(page: Chromium, way: str) -> np.ndarray:
    told = page.run(f"(({{monthly, yearly, shading}}) => [...monthly, yearly, shading])(cadastre.state.answers.{way})")
    return np.array(told)


def set_slider(page: Chromium, name: str, value: float) -> None:
    page.run(
        f"(() => {{ const e = document.getElementById('change-{name}'); e.value = '{value}';"
        " e.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
