"""Workers as actors of a Ray cluster: one that is joined, or one that starts on this machine.

`joining` connects and says in one line why it cannot, `launcher` says how many workers fit, `crew`
starts, watches and replaces them. `actors` is what runs in the cluster: the worker, and the post
that brings its calls to a storage on this side. Ray is imported where it is used: a search that
does without knows nothing of it.
"""

from __future__ import annotations

from tuner.launchers.ray.launcher import RayLauncher

__all__ = ["RayLauncher"]
