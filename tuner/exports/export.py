"""`export`: a study's model as a file for Keras, TFLite or ONNX, measured, with a card."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tuner.basics import child_process
from tuner.basics.addresses import local_path
from tuner.basics.environment import RESULTS
from tuner.basics.files import remove, replace
from tuner.basics.versions import install_command
from tuner.errors import DataError, ExportError, SpaceError, UsageError
from tuner.exports.card import card as write_card
from tuner.exports.facts import Exported, Facts
from tuner.exports.orders import FORMATS, ExportOrders, Format
from tuner.exports.source import Source, find_source
from tuner.objectives.metrics import DEFAULT_METRIC
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.spaces.carried import function_of, is_carried, is_held, parcel
from tuner.storages.sent_files import SentFiles

if TYPE_CHECKING:
    from tuner.data import DataSet


__all__ = ["FORMATS", "Exported", "export"]

NEEDS: dict[Format, tuple[str, ...]] = {
    "keras": (),
    "tflite": ("tensorflow", "ai_edge_litert"),
    "onnx": ("tensorflow", "tf2onnx", "onnx", "onnxruntime"),
}
"""Modules that a format takes; all but TensorFlow come with the extra of the format's name."""


def export(
    study: str,
    *,
    format: Format,
    int8: bool = False,
    trial: int | None = None,
    output: str | Path | None = None,
    data: str | None = None,
    measure: bool = True,
    storage: str | None = None,
    results: str | Path = RESULTS,
) -> Exported:
    """Writes a study's model as a file that takes examples as the data has them, and a card.

    Args:
        study: Its name; what follows an ``@`` may be left out where that is unambiguous.
        format: ``keras``, ``tflite`` or ``onnx``.
        int8: Whether to quantise weights and activations; not for ``keras``.
        trial: Number of the trial; default: the incumbent.
        output: File, or folder that exists; default: the study's name in the current folder.
        data: Where the study's images are now; default: where they were.
        measure: Whether to measure the file by the study's metric: on the test examples, where the
            model has been tested on them before, else on the validation examples.
        storage: URL of the storage; default: the SQLite file in `results`.
        results: The results folder.

    Raises:
        UsageError: There is no such study or trial, or the options do not fit.
        DataError: The study's images are not at hand or are others.
        ExportError: The model is gone or cannot be converted, or the file cannot be written.
        StorageError: The storage cannot be reached.
        ArtifactError: The model is in the artifact store alone, which cannot be read.
    """
    from tuner.storages.studies import load_study

    _check_format(format, int8)
    output = None if output is None else local_path(output, "output")
    stored = load_study(study, storage=storage, results=results)
    record = StudyRecord.of(stored)
    folder = local_path(results, "results") / record.name
    source = find_source(record, folder, trial, SentFiles(stored))
    source.check_proven()
    if measure:
        _require_metric(record)
    file = _destination(record.name, format, int8, output, source.file)
    card = file.with_name(f"{file.name}.md")
    images = _find_data(record, source, data, int8) if measure or int8 else None
    with _parts(file, card) as (part, card_part):
        facts = _convert(_orders(record, source, format, int8, measure, part, images))
        _check_searched(record, source, facts)
        made = Exported(record, source, format, int8, file, card, facts)
        with _writing(file):
            card_part.write_text(write_card(made), encoding="utf-8")
            replace(part, file)
            replace(card_part, card)
    return made


def _check_format(format: str, int8: bool) -> None:
    if format not in FORMATS:
        raise UsageError(f"format must be one of {', '.join(FORMATS)} but got {format!r}.")
    if int8 and format == "keras":
        raise UsageError("--int8 is for tflite and onnx: a Keras file holds float32 weights.")
    missing = _missing(format)
    if "tensorflow" in missing:
        raise ExportError(f"{format} is converted by TensorFlow: pip install tensorflow.")
    if missing:
        raise ExportError(
            f"{format} needs {', '.join(missing)}, not installed: {install_command(format)}."
        )


def _require_metric(record: StudyRecord) -> None:
    """Refuses to measure by a function that this process does not have.

    Raises:
        UsageError: It does not.
    """
    metric = record.metric.name
    if is_carried(metric) and not is_held(metric):
        raise UsageError(
            f"study {record.name!r} measures the function {function_of(metric)!r} of a notebook or "
            "a script, which alone has it: export in a cell after the one that searches, or "
            "without measuring (--no-measure, measure=False)."
        )


def can_convert(format: Format) -> bool:
    """Whether all that a format takes is installed."""
    return not _missing(format)


def _missing(format: Format) -> list[str]:
    return [m for m in NEEDS[format] if not _installed(m)]


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _destination(
    study: str, format: Format, int8: bool, output: str | Path | None, source: Path
) -> Path:
    """The file to write, in a folder that can be written."""
    file = Path(output) if output is not None else Path()
    if file.is_dir():
        file /= f"{study}{'-int8' if int8 else ''}.{format}"
    if file.suffix != f".{format}":
        raise UsageError(f"a {format} file ends in .{format} but --output is {str(file)!r}.")
    if file.resolve() == source.resolve():
        raise UsageError(f"{str(file)!r} is the study's own model; give another --output.")
    return file


def _find_data(record: StudyRecord, source: Source, given: str | None, int8: bool) -> DataSet:
    """The images that the study's results come from."""
    from tuner.data import resolve

    stored = record.data[source.dataset]
    without = "" if int8 else ", or --no-measure to export without measuring"
    try:
        found = resolve(
            given or stored["source"],
            seed=int(record.study.get("split_seed", 0)),
            relabel=bool(stored.get("relabel")),
        )
    except DataError as error:
        raise type(error)(
            f"the images of study {record.name!r} are not at hand: {str(error).rstrip('.')}; "
            f"say where they are with --data{without}."
        ) from error
    if found.hash != stored["hash"]:
        raise DataError(
            f"study {record.name!r} was made on {stored['name']!r} (hash {stored['hash'][:12]}), "
            f"but {found.source!r} holds other images (hash {found.hash[:12]}); "
            f"give the same with --data{without}."
        )
    return found


@contextlib.contextmanager
def _parts(file: Path, card: Path) -> Iterator[list[Path]]:
    """What to write instead of two files until both are whole; gone at the end."""
    parts = [p.with_name(f".{p.stem}.{os.getpid()}.part{p.suffix}") for p in (file, card)]
    try:
        with _writing(file):
            for part in parts:
                part.touch()  # before the minute that the conversion may take
        yield parts
    finally:
        for part in parts:
            remove(part)


@contextlib.contextmanager
def _writing(file: Path) -> Iterator[None]:
    """Names the export's file where it cannot be written; only what writes it belongs inside."""
    try:
        yield
    except OSError as error:
        raise ExportError(
            f"cannot write {str(file)!r}: {error.strerror or error}; "
            "free some space or give another place with --output."
        ) from error


def _orders(
    record: StudyRecord,
    source: Source,
    format: Format,
    int8: bool,
    measure: bool,
    part: Path,
    images: DataSet | None,
) -> ExportOrders:
    return ExportOrders(
        model_file=str(source.file.resolve()),
        part=str(part.resolve()),
        format=format,
        int8=int8,
        measure=measure,
        images="validation" if source.model is None and record.target is not None else "test",
        space=record.space_arguments(source.dataset),
        data=None if images is None else images.reference(int(record.study.get("split_seed", 0))),
        metric=str(record.study.get("metric", DEFAULT_METRIC.name)),
        metric_direction=record.study.get("metric_direction"),
        carried=_carried(record, measure=measure),
    )


def _carried(record: StudyRecord, *, measure: bool) -> dict[str, str]:
    """The functions of a notebook's that the process may need.

    Raises:
        SpaceError: The metric cannot be pickled.
    """
    space, found = str(record.study["space"]), {}
    with contextlib.suppress(SpaceError):  # of a search in this process; most models need none
        found = parcel(space)
    return found | (parcel(record.metric.name) if measure else {})


def _check_searched(record: StudyRecord, source: Source, facts: Facts) -> None:
    """Refuses a file that holds another model than its trial trained.

    Raises:
        ExportError: It does.
    """
    was, now = source.trial.size, facts.size
    if was not in (None, now):
        raise ExportError(
            f"{str(source.file)!r} holds a model of {words.count(now)} trainable parameters, but "
            f"trial {source.trial.number} of study {record.name!r} trained one of "
            f"{words.count(was)}; put back the file that the search wrote."
        )


def conversion_environment() -> dict[str, str]:
    """Variables of a process that converts."""
    environment = {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # TensorFlow would take all of a GPU's memory, beside a search that uses it.
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    if _installed("tensorflow"):
        environment["KERAS_BACKEND"] = "tensorflow"  # reads what any backend wrote
    return environment


def _convert(orders: ExportOrders) -> Facts:
    """Runs the converting process."""
    facts = child_process.run(
        "tuner.exports.process:work",
        dataclasses.asdict(orders),
        environment=conversion_environment(),
        failed=ExportError,
    )
    return Facts.of(facts)
