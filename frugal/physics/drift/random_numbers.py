"""Random numbers that belong to a particle: the same whatever the number of threads and wherever a run was interrupted.

SplitMix64 (Steele, Lea and Flood 2014, doi 10.1145/2714064.2660195): the n-th number of a particle is a hash of its key plus
n times an odd constant. Keys are hashes of the seed and the particle's number, so that particles read distant parts of one
sequence of 2^64 numbers.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.drift.compiling import LEAN

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_OF_PARTICLES = np.uint64(0xD1342543DE82EF95)
_30, _27, _31, _11, _1 = (np.uint64(shift) for shift in (30, 27, 31, 11, 1))
_TO_UNIT = 2.0**-53


def _mixed(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    mixed: np.ndarray = z ^ (z >> _31)
    return mixed


def keys_of(seed: int, count: int, first: int = 0) -> np.ndarray:
    """Keys of particles.

    Parameters
    ----------
    seed : int
    count : int
        How many.
    first : int
        Number of the first one: particles ``first`` to ``first + count`` of a seed are the same in every run.

    Returns
    -------
    ndarray of uint64 [count]
    """
    start = _mixed(np.array([seed % 2**64], dtype=np.uint64) + _GAMMA)
    keys: np.ndarray = _mixed(start + (np.arange(first, first + count, dtype=np.uint64) + _1) * _OF_PARTICLES)
    return keys


@inner(**LEAN)
def uniform(key: np.uint64, number: np.uint64) -> float:
    """The ``number``-th number of a particle, from 0 up to and without 1."""
    z = key + (number + _1) * _GAMMA
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    z = z ^ (z >> _31)
    return float(z >> _11) * _TO_UNIT


@inner(**LEAN)
def normal_pair(key: np.uint64, number: np.uint64) -> tuple[float, float]:
    """Two independent normal deviates (Box and Muller 1958) from the numbers ``number`` and ``number + 1`` of a particle."""
    length = math.sqrt(-2.0 * math.log(1.0 - uniform(key, number)))
    angle = 2.0 * math.pi * uniform(key, number + _1)
    return length * math.cos(angle), length * math.sin(angle)
