"""Answer a territory's question with the least: compare physics, tables, fits and small models, and audit the choice."""

__version__ = "0.1.0"
