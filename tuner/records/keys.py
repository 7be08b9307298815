"""Names of everything stored on a study or a trial, and the outcomes of a trial."""

from __future__ import annotations

from typing import Literal, get_args

SCHEMA = 2
"""Version of what this module describes; stored with every study. In 1, the multiply-accumulates of
layers of one's own were counted otherwise."""

Outcome = Literal["reached", "missed", "pruned", "diverged", "out_of_memory", "failed", "gated"]
"""Why a trial ended. ``gated``: its size is not below the incumbent's, it was never trained."""

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

TRAINED: frozenset[Outcome] = frozenset({"reached", "missed", "pruned", "diverged"})
"""Outcomes that count towards ``--trials``."""

SHORTFALL = "shortfall"
"""The constraint: target + margin - validation accuracy; at most 0 when the target is met."""

GATE = "gate"
"""The constraint of a gated trial: log(size / incumbent's size) + a little, above 0."""


class StudyKey:
    """Names of the user attributes of a study."""

    SCHEMA = "schema"
    STUDY = "study"  # the validated study file as a dict
    DATA = "data"  # for each data set's key: name, source, hash, classes, image_shape, sizes
    SPACE_HASH = "space_hash"
    NOTICES = "notices"  # lines about the search space that a user should read
    SOURCE_HASH = "source_hash"  # of the code of a user's own space
    SPACE_SOURCE = "space_source"  # the text of a notebook's function, for people to read
    MARGIN = "margin"
    YARDSTICK = "yardstick"  # of another metric than accuracy: a `Yardstick` as a dict
    SEED = "seed"
    VERSIONS = "versions"
    MACHINE = "machine"  # what it was begun on, as `tuner.basics.hardware` describes it
    CREATED_BY = "created_by"  # the command line that made it
    WARM_START = "warm_start"  # study: whose trials it began with; trials: their numbers
    PROVE = "prove"  # what is to be proven of what it finds; see `records.proofs`
    OUTLOOK = "outlook"  # what the next trial is expected to gain; see `records.proofs.Outlook`
    CERTIFIES = "certifies"  # in a study of proofs: the study whose models or recipes they are of
    ORDERS = "orders"  # what workers that were started elsewhere are to do; see `records.standing`
    SESSION = "session"  # the command that gave them: its id, its latest sign, whether it has ended
    ORDERS_DONE = "orders_done"  # the id of orders of which a worker has found nothing left
    GIVEN_UP = "given_up"  # what a worker elsewhere has ended with: orders, host, kind, text
    ARTIFACTS = "artifacts"  # of its artifact store: address, and mark (a file that lies in it)
    FILE = "file:"  # and a name: size and hash of a model that was sent, and where it is stored
    PROOFS_OF = "proofs_of"  # in a study of proofs: "model"; without it, of recipes
    CERTIFICATE = "certificate:"  # and a trial's number: a `Certificate` as a dict
    MODEL_CERTIFICATE = "model_certificate:"  # and its number: a `ModelCertificate` as a dict


class TrialKey:
    """Names of the user attributes of a trial."""

    OUTCOME = "outcome"
    VALUES = "values"  # every active hyperparameter by its keras-tuner name
    SIZE = "size"  # trainable parameters
    TOTAL_SIZE = "total_size"  # all parameters
    MACS = "macs"  # multiply-accumulates of one image
    BYTES = "bytes"  # of the weights in float32
    VALUE = "value"  # what the study minimises, known before any training
    HISTORY = "history"  # epochs by blocks of ten, history:0 and so on; see `records.epochs`
    TAKEN_OVER = "taken_over"  # epochs that a lost trial had trained and this one went on from
    AUDIT = "audit"  # whether the pruner would have stopped it and did not, to learn if it may
    PROJECTED = "projected"  # [mean, sd] of the final shortfall of a stopped training
    STOP = "stop"  # why a training was stopped, one sentence
    SECONDS = "seconds"  # building and training
    SEED = "seed"
    DATA_HASH = "data_hash"
    DATA_NAME = "data"  # the name of the data set that it was trained on
    DATA = "dataset"  # which of the study's data sets, in a sweep over several
    CELL = "cell"  # in a sweep: the varied hyperparameters
    VERSIONS = "versions"
    REFERENCE = "reference"
    MODEL_FILE = "model_file"  # noted before it is written
    ARTIFACTS = "artifacts"  # their ids, each noted before it is written
    CONFUSION = "confusion"  # images by true (row) and predicted (column) class; what of: see there
    TEST_ACCURACY = "test_accuracy"  # measured once at the end; sweeps and certificates only
    ALONE = "alone"  # what one answer for all test examples has, of other metrics than accuracy
    TEST_LOSS = "test_loss"
    EXPECTED = "expected"  # what the model costs that this trial is to train again
    EPOCHS = "epochs"  # in a certificate: how many to train
    LOOK = "look"  # in a proof of a model: which look at the test examples of the study, from 1
    DOUBTED = "doubted"  # trials that met the target, perhaps by luck: they do not gate this one
    ERROR = "error"
    WORKER = "worker"  # host, pid, started: who trains it
    HEARTBEAT = "heartbeat"  # seconds since 1970, renewed while it trains
    RETRY_OF = "retry_of"  # number of the trial whose worker died
    LOST = "lost"  # why a trial ended without an outcome: its worker died or was stopped
    LOSSES = "losses"  # how often in a row it was lost without another epoch
    CRASHES = "crashes"  # how many workers in a row died alone at it without another epoch
