#!/bin/sh
# Make .venv with exactly the packages of requirements.lock (every file checked against its hash), and this project in it.
set -eu
cd "$(dirname "$0")"
python="${PYTHON:-python3}"
[ -x .venv/bin/python ] || "$python" -m venv .venv
# The installer itself is pinned by the same file: its lines are cut out of it for pip.
awk '/^uv==/ {keep = 1} keep {print; if ($0 !~ /\\$/) exit}' requirements.lock > .venv/installer.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/installer.lock
# Compiling now what would else be compiled at the first import of each package.
.venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes -r requirements.lock
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
