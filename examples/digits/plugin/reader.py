"""The model: random features of the pixels, and a linear classifier that learns from them bit by bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

from .images import LabelledImages

#: Random features per image. With these, a linear classifier comes close to a kernel machine,
#: and unlike one it can go on learning.
FEATURES = 1000
#: Says in a model's file what it is.
FORMAT = "digit-reader/1"
#: Pull of the weights towards zero. Small, since the curve of a few epochs shows no overfitting.
ALPHA = 1e-5


class DigitReader:
    """Learns one epoch at a time, and can be saved after any."""

    def __init__(self, training: LabelledImages, *, seed: int) -> None:
        self.epochs_done = 0
        self._classes = np.unique(training.labels)
        self._features = RBFSampler(gamma="scale", n_components=FEATURES, random_state=seed)
        self._features.fit(training.pixels)
        self._classifier = SGDClassifier(
            loss="log_loss", alpha=ALPHA, learning_rate="constant", eta0=1.0, random_state=seed
        )

    @property
    def classes(self) -> list[str]:
        """What it can read, sorted."""
        return [str(name) for name in self._classes]

    def train_epoch(self, images: LabelledImages, *, learning_rate: float, rng: np.random.Generator) -> None:
        """Learn from every image once, in random order."""
        order = rng.permutation(len(images.labels))
        self._classifier.set_params(eta0=learning_rate)
        features = self._features.transform(images.pixels[order])
        self._classifier.partial_fit(features, images.labels[order], classes=self._classes)
        self.epochs_done += 1

    def measure(self, images: LabelledImages) -> dict[str, float]:
        """Return the mean log loss and the accuracy."""
        chances = self._chances(images.pixels)
        hits = self._classes[chances.argmax(axis=1)] == images.labels
        return {
            "loss": float(log_loss(images.labels, chances, labels=self._classes)),
            "accuracy": float(hits.mean()),
        }

    def predict(self, pixels: npt.NDArray[np.float64]) -> list[tuple[str, float]]:
        """Return for each row of pixels the likeliest class, and how sure that is, from 0 to 1."""
        chances = self._chances(pixels)
        best = chances.argmax(axis=1)
        return [(str(self._classes[at]), float(row[at])) for at, row in zip(best, chances, strict=True)]

    def save(self, path: Path) -> None:
        """Write the reader with all that it needs to go on learning."""
        # Its parts rather than itself, so that a model outlives a renamed module of this plugin.
        joblib.dump({"format": FORMAT, **vars(self)}, path)

    @classmethod
    def load(cls, path: str | Path) -> DigitReader:
        """Read what `save` wrote. Only for files that you trust: loading runs code that they name.

        Raises:
            ValueError: It is the model of something else.
        """
        parts = joblib.load(path)
        if not isinstance(parts, dict) or parts.pop("format", None) != FORMAT:
            raise ValueError(f"{path} is no model of this plugin")
        reader = cls.__new__(cls)
        vars(reader).update(parts)
        return reader

    def _chances(self, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        chances: Any = self._classifier.predict_proba(self._features.transform(pixels))
        return np.asarray(chances, dtype=np.float64)
