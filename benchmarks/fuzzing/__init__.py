"""Cases, servers and oracles of ``benchmarks/fuzz.py``."""
