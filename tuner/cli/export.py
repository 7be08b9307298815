"""``tuner export``: the winner as a file for Keras, TFLite or ONNX."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tuner.cli.options import LocalPath, OneOf, storage_options, study_argument


@click.command(short_help="Write the smallest model as a measured file.")
@study_argument
@click.option(
    "--format",
    "format_",
    type=OneOf(["keras", "tflite", "onnx"]),
    required=True,
    help="What to write.",
)
@click.option("--int8", is_flag=True, help="Quantise it to int8 (tflite, onnx).")
@click.option(
    "--output",
    type=LocalPath(),
    metavar="FILE",
    help="Where to write it; default: the study's name in this folder.",
)
@click.option("--trial", type=click.IntRange(0), metavar="N", help="Another trial than the winner.")
@click.option("--data", metavar="SOURCE", help="Where the study's images are now, if they moved.")
@click.option("--no-measure", is_flag=True, help="Do not measure its accuracy on the test images.")
@storage_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def export(
    study: str,
    format_: str,
    int8: bool,
    output: Path | None,
    trial: int | None,
    data: str | None,
    no_measure: bool,
    storage: str | None,
    results: Path,
    as_json: bool,
) -> None:
    """Write the smallest model as a file, measured on images, with a card beside it.

    The file takes uint8 images [n, height, width, channels]; preprocessing is inside. It is
    measured on the test images, where the model has been tested on them, else on the validation
    images.
    """
    from tuner.exports import export as exporting
    from tuner.views.consoles import console
    from tuner.views.exported import exported, exported_object

    with console(stderr=True).status("converting and measuring, which starts TensorFlow"):
        made = exporting.export(
            study,
            format=format_,  # type: ignore[arg-type]
            int8=int8,
            trial=trial,
            output=output,
            data=data,
            measure=not no_measure,
            storage=storage,
            results=results,
        )
    if as_json:
        click.echo(json.dumps(exported_object(made), allow_nan=False))
    else:
        console().print(exported(made))
