"""Run as a program of its own: load an official archive through Keras and save it as .npz.

    python -P fetch.py cifar10 <target.npz>

Keras imports TensorFlow, which takes seconds and memory that the calling process shall not pay.
It imports nothing of this project, so that it runs from any folder.
"""

from __future__ import annotations

import socket
import sys

import numpy as np

SILENCE = 20.0  # seconds without a byte after which a download is given up


def main(name: str, target: str) -> None:
    """Load the data set ``name`` of keras.datasets and save its four arrays to ``target``."""
    socket.setdefaulttimeout(SILENCE)
    import keras

    keras.config.set_image_data_format("channels_last")
    (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    np.savez(target, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


if __name__ == "__main__":
    main(*sys.argv[1:])
