"""Loads an official archive through Keras and saves it as .npz, in a process of its own.

Keras imports TensorFlow, which takes seconds and memory that the calling process shall not pay.
"""

from __future__ import annotations

import socket

import numpy as np

from tuner.basics.child_process import Channel

SILENCE = 20.0  # seconds without a byte after which a download is given up


def work(orders: dict[str, str], channel: Channel) -> str:
    """Loads the data set ``name`` of keras.datasets and saves its four arrays to ``target``.

    Returns:
        Why that did not work, or an empty string where it did.
    """
    socket.setdefaulttimeout(SILENCE)
    try:
        import keras

        keras.config.set_image_data_format("channels_last")
        loader = getattr(keras.datasets, orders["name"])
        (x_train, y_train), (x_test, y_test) = loader.load_data()
        np.savez(orders["target"], x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    except Exception as error:  # Keras raises plain ones for what the network does
        return " ".join(f"{type(error).__name__}: {error}".split())
    return ""
