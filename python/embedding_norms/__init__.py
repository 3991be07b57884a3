"""Why the norm of an embedding governs how fast it trains under cosine similarity.

Gradients, closed forms, simulations and diagnoses of the Rust library, on arrays of NumPy, PyTorch (on the CPU) and JAX.

>>> import numpy as np
>>> import embedding_norms as en
>>> z, w = np.array([[1.0, 0.0], [4.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 1.0]])
>>> value, dz, dw = en.gradient("cosine", z, w)
>>> np.linalg.norm(dz, axis=1).tolist()  # four times the norm: a quarter of the gradient
[0.5, 0.125]
"""

from . import theory
from ._core import Diagnosis, __version__, losses, optimizers
from ._diagnose import diagnose
from ._losses import gradient
from ._predict import Prediction, predict
from ._simulate import Trajectory, simulate
from .learning_rate import LearningRate, find_learning_rate
from .recorder import Recorder
from .recording import Recording
from .theory import convergence_map, steps

__all__ = [
    "Diagnosis",
    "LearningRate",
    "Prediction",
    "Recorder",
    "Recording",
    "Trajectory",
    "__version__",
    "convergence_map",
    "diagnose",
    "find_learning_rate",
    "gradient",
    "losses",
    "optimizers",
    "predict",
    "simulate",
    "steps",
    "theory",
]
