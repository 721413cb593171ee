"""Coarse cells that know the fine ground under them: volume and conveyance from tables, for the local inertial model."""
