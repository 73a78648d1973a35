"""The metrics by name. A new one is one function here, registered with a sentence for people."""

from promptune.scoring.metrics import match, rouge, bleu  # noqa: F401, I001  # registers them, in the order they are listed
from promptune.scoring.metrics.registry import METRICS, Measured, Metric, Prediction, measure

__all__ = ["METRICS", "Measured", "Metric", "Prediction", "measure"]
