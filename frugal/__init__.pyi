"""Names of the public library, for type checkers; see ``__init__.py``."""

from frugal.experiments.study import (
    Alternative as Alternative,
)
from frugal.experiments.study import (
    CallPattern as CallPattern,
)
from frugal.experiments.study import (
    Derived as Derived,
)
from frugal.experiments.study import (
    Diagnostic as Diagnostic,
)
from frugal.experiments.study import (
    Grid as Grid,
)
from frugal.experiments.study import (
    Lines as Lines,
)
from frugal.experiments.study import (
    Measurement as Measurement,
)
from frugal.experiments.study import (
    Need as Need,
)
from frugal.experiments.study import (
    Observations as Observations,
)
from frugal.experiments.study import (
    Output as Output,
)
from frugal.experiments.study import (
    Parameter as Parameter,
)
from frugal.experiments.study import (
    Points as Points,
)
from frugal.experiments.study import (
    Scenario as Scenario,
)
from frugal.experiments.study import (
    Site as Site,
)
from frugal.experiments.study import (
    Study as Study,
)
from frugal.experiments.study import (
    Summaries as Summaries,
)
from frugal.experiments.study import (
    TimeAxis as TimeAxis,
)
from frugal.experiments.study import (
    Tolerance as Tolerance,
)
from frugal.experiments.study import (
    Variable as Variable,
)
from frugal.experiments.study import (
    formula as formula,
)
from frugal.experiments.study import (
    read_observations as read_observations,
)
from frugal.public import audit_bundle as audit_bundle
from frugal.public import calibrate as calibrate
from frugal.public import evaluate as evaluate
from frugal.public import explain as explain
from frugal.public import list_studies as list_studies
from frugal.public import load_study as load_study
from frugal.public import make_cadastre as make_cadastre
from frugal.public import simulate as simulate
from frugal.public import train as train
from frugal.surrogates.bundle.bundle import open_bundle as open_bundle
from frugal.surrogates.bundle.predictor import Predictor as Predictor

__version__: str
