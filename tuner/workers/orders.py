"""What whoever starts a worker tells it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class WorkerOrders:
    """All that a worker is told."""

    study_name: str
    storage: str
    results: str
    data: dict[str, dict[str, Any]]
    """For each data set that the study names, what `tuner.data.open_again` takes."""
    goal: int
    seed: int
    index: int
    """Which of the command's workers this is; 0 also prepares the study."""
    sampler: str
    pruner: str
    reference: bool
    proves_models: bool = False
    """Whether to prove the models that are found, one by one."""
    prove_trial: int | None = None
    """Number of the trial whose model is to be proven, and no other; None: the incumbent's."""
    until_little_gain: bool = False
    """Whether to stop as soon as another trial is expected to gain little."""
    first_trial: int = 0
    """Number of the first trial that this run of the command adds to the study."""
    deadline: float | None = None
    """Seconds since 1970 at which to stop, or None."""
    crew: int = 1
    """How many workers the command has."""
    main: str = ""
    """The search that all this is for; `study_name` may be the study of its certificates."""
    standing: str = ""
    """Id of the orders as the study has them, for workers that were started elsewhere."""
    follows: bool = False
    """Whether the worker was started elsewhere: goal and all that a search may change it reads from
    the study, again and again, and stays while a command is planning more."""
    sends_files: bool = False
    """Whether the models that it keeps are sent to whoever plans the search, by the storage."""
    step_seconds: float = 3.0
    """How long a worker that is asked to stop may take for the step that it is in."""
    carried: dict[str, str] = field(default_factory=dict)
    """The search space where no file holds it, as `tuner.spaces.carried` sends it. It runs whatever
    it says, so that it must never be stored where others can write."""
    environment: dict[str, str] = field(default_factory=dict)
    cpus: list[int] = field(default_factory=list)
    """Processors to be pinned to; none: all."""
    gpu_memory: int = 0
    """Bytes that it may take of a GPU that others use too; 0: no limit."""

    def to_fields(self) -> dict[str, Any]:
        """For the worker's process: what JSON can hold."""
        return asdict(self)


EXIT_DONE = 74
"""There is nothing more to do, or the worker was asked to stop; not 0, with which a user's code may
end the process as well."""
EXIT_RECYCLE = 75
"""The worker asks to be replaced: many models and layers leave something behind in memory."""
EXIT_HANGS = 76
"""The worker found that it hangs; where, its log says."""
