"""Frugal practices, really tried on the candidates that matter: fewer runs, fewer inputs, a smaller file.

They are run by a full evaluation, within a budget of CPU seconds, and booked in the ledger under the stage ``practice``,
which belongs to no candidate's cost: they examine an answer that exists.
"""
